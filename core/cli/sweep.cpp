// SPDX-License-Identifier: Apache-2.0
// caddie sweep FILE freezes a plan, runs what is not done, and writes the tables.
#include "cli/sweep.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "report/run_sweep.h"
#include "report/sweep_tables.h"
#include "sweep/conclusion.h"
#include "sweep/machine_share.h"

namespace caddie {
namespace {

void print_table(const Ablation& ablation, const std::filesystem::path& folder, bool json) {
  if (json)
    tell("{}", render(ablation, "json"));
  else
    tell("{}{}\n", render(ablation, "term"), (folder / "ablation.csv").string());
}

}  // namespace

void sweep_verb(SweepArguments& arguments) {
  LockedSweep sweep = begin_or_resume_sweep(arguments.request);
  const std::filesystem::path& folder = sweep.folder;
  Plan& plan = sweep.plan;
  RunnerOptions& options = arguments.runner;
  options.folder = folder;
  options.store = store_for(folder);
  std::string chosen = choose_share(plan, options);
  if (!options.quiet) {
    if (!chosen.empty()) say_aside(chosen);
    say_aside(fmt::format("{}: {} arms, {} runs, {} at a time; results in {}", plan.name, plan.arms.size(),
                          plan.runs.size(), options.jobs, folder.string()));
  }
  RunnerResult result = run_sweep(plan, options, sweep.claim);
  Ablation ablation = analyze(plan, folder);
  print_table(ablation, folder, arguments.json);
  std::string onward =
      options.retry ? "caddie sweep " + folder.string() + " goes on" : "the same command goes on";
  Conclusion end = conclude(result, plan.runs.size(), folder, onward, ablation.claim_met);
  if (!end.note.empty()) say_aside(end.note);
  if (end.code != kFine) throw Error(end.error, end.code);
}

void declare_base_overrides(CLI::App& verb, std::vector<std::string>& overrides) {
  verb.add_option(
          "-S,--set", overrides,
          "override one setting of the base in all arms, as for a short trial: -S budget.steps=5; may be "
          "repeated")
      ->take_all()
      ->allow_extra_args(false);
}

void declare_running(CLI::App& verb, SweepArguments& arguments) {
  RunnerOptions& runner = arguments.runner;
  runner.jobs = 0;
  verb.add_option("-j,--jobs", runner.jobs, "runs at a time; by default what a short measurement finds best")
      ->check(side_by_side());
  verb.add_option("--threads", runner.threads,
                  "threads of each run; by default the cores divided by the jobs")
      ->check(side_by_side());
  verb.add_option("--device", runner.device, "cpu, cuda or auto")->capture_default_str();
  verb.add_option("--only", runner.only, "run only where this holds, e.g. 'seed == 1 and model.dim == 384'");
  verb.add_option("--max-runs", runner.max_runs, "start no more runs than these; 0: none")
      ->check(zero_or_more());
  verb.add_option("--budget", runner.budget_seconds, "start no run after this time, e.g. 4h, 90m")
      ->transform(in_seconds());
  verb.add_flag("--allow-no-effect", runner.allow_no_effect,
                "let runs succeed in which a technique acted on nothing");
  verb.add_flag("-q,--quiet", runner.quiet, "show no progress");
  verb.add_flag("--json", arguments.json, "print the table as JSON");
}

void add_sweep_command(CLI::App& app) {
  auto arguments = std::make_shared<SweepArguments>();
  CLI::App* verb = app.add_subcommand("sweep", "run a sweep, or go on with it");
  verb->add_option("sweep", arguments->request.file,
                   "sweep file (TOML), or the folder of a sweep that was begun")
      ->required();
  verb->add_option("--output", arguments->request.output,
                   "folder of the sweep; by default results/<name>, or results/<name>-trial with -S");
  declare_base_overrides(*verb, arguments->request.overrides);
  verb->add_flag("--fresh", arguments->request.fresh,
                 "throw away the sweep's runs and trainings, and start over");
  verb->add_flag("--replan", arguments->request.replan,
                 "take in edits of the files; finished runs that still fit are kept");
  declare_running(*verb, *arguments);
  verb->callback([arguments] { sweep_verb(*arguments); });
}

}  // namespace caddie
