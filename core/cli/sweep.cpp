// SPDX-License-Identifier: Apache-2.0
// caddie sweep FILE: freezes a plan, runs what is not done, writes the tables. caddie retry NAME: the failed
// runs.
#include "cli/sweep.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/text.h"
#include "config/differences.h"
#include "process/interrupt.h"
#include "process/machine.h"
#include "report/files.h"
#include "sweep/concurrency.h"
#include "sweep/race_state.h"
#include "sweep/runner.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

struct SweepArguments {
  std::string file;
  std::filesystem::path output;
  RunnerOptions runner;
  std::string budget;
  bool fresh = false, replan = false, json = false;
};

bool is_sweep_file(const std::filesystem::path& file) { return file.extension() == ".toml"; }

void remember(Plan& plan, const std::vector<std::string>& changes) {
  plan.history.push_back({{"at", utc_now()}, {"caddie_version", CADDIE_VERSION}, {"changes", changes}});
}

/// Of a folder that holds no runs yet, or whose plan is to be made anew.
void freeze(Plan& plan, const std::filesystem::path& folder, bool replan) {
  std::vector<std::string> changes;
  if (replan) {
    Plan before = read_plan(folder);
    plan.history = before.history;
    plan.jobs = before.jobs;
    plan.threads = before.threads;
    changes = differences(before.base_text, plan.base_text);
    for (std::string& line : differences(before.sweep_text, plan.sweep_text))
      changes.push_back(std::move(line));
  }
  check_groups(plan);
  remember(plan, changes);
}

/// The sweep's runs and trainings go. Children of a sweep that was killed may still be saving theirs.
void start_over(const Plan& plan, const std::filesystem::path& folder) {
  std::filesystem::path runs = folder / "runs";
  if (std::filesystem::exists(runs))
    for (const auto& run : std::filesystem::directory_iterator(runs))
      if (FileLock::is_held(run.path() / kRunLock))
        throw Error(message("{}: is being worked on; start over when it has ended", {run.path().string()}),
                    2);
  forget_trainings(plan, Store(store_for(folder)));
  std::filesystem::remove_all(runs);
}

/// A sweep that nobody else works on.
struct LockedSweep {
  std::filesystem::path folder;
  FileLock lock;
  Plan plan;
};

LockedSweep begun_sweep(const SweepArguments& arguments) {
  if (arguments.replan) throw Error("--replan reads the sweep file again; name that file", 2);
  if (!arguments.output.empty())
    throw Error("--output is where a sweep file's results go; a sweep that was begun stays in its folder", 2);
  std::filesystem::path folder = sweep_folder(arguments.file);
  FileLock lock = lock_sweep(folder);
  Plan plan = read_plan(folder);
  check_groups(plan);
  if (arguments.fresh) {
    start_over(plan, folder);
    plan.jobs = plan.threads = 0;
  }
  return {folder, std::move(lock), std::move(plan)};
}

LockedSweep sweep_of_file(const SweepArguments& arguments) {
  SweepFile file = read_sweep(arguments.file);
  std::filesystem::path folder =
      arguments.output.empty() ? std::filesystem::path("results") / file.name : arguments.output;
  Plan plan = make_plan(file);
  FileLock lock = lock_sweep(folder);
  bool frozen = std::filesystem::exists(plan_path(folder));
  if (!frozen || arguments.fresh || arguments.replan) {
    freeze(plan, folder, frozen && !arguments.fresh);
    if (arguments.fresh) start_over(plan, folder);
    write_plan(plan, folder);
  } else {
    Plan before = read_plan(folder);
    check_unchanged(before, plan);
    plan = std::move(before);
    check_groups(plan);
  }
  return {folder, std::move(lock), std::move(plan)};
}

void conclude(const Plan& plan, const std::filesystem::path& folder, const RunnerResult& result, bool json,
              bool retry) {
  Ablation ablation = analyze(plan, folder);
  if (json)
    fmt::print("{}", render(ablation, "json"));
  else
    fmt::print("{}{}\n", render(ablation, "term"), (folder / "ablation.csv").string());
  std::string onward = retry ? "caddie sweep " + folder.string() + " goes on" : "the same command goes on";
  if (result.interrupted)
    throw Error(message("interrupted with {} runs left; {}", {result.left, onward}), kInterrupted);
  if (result.left > 0)
    fmt::print(stderr, "{} runs left, as their number or time was limited or others stopped them; {}\n",
               result.left, onward);
  if (result.lost > 0)
    throw Error(message("{} of {} runs were killed from outside, {} failed; {}",
                        {result.lost, plan.runs.size(), result.failed, onward}));
  if (result.failed > 0)
    throw Error(message("{} of {} runs failed; see caddie status {}, then caddie retry {}",
                        {result.failed, plan.runs.size(), folder.string(), folder.string()}));
  if (ablation.claim_met && !*ablation.claim_met) throw Error("the claim is not met", 3);
}

/// How many runs at a time: measured, when there is something to gain.
void choose_concurrency(const Plan& plan, RunnerOptions& options) {
  options.jobs = 1;
  std::vector<size_t> left;
  for (size_t run : select_runs(plan, options.only))
    if (state_of(plan, plan.runs[run], options.folder).status != RunStatus::done) left.push_back(run);
  SharedWork work = shared_work(plan, left, Store(options.store));
  constexpr int64_t kWorthMeasuring = 4;  // trainings
  if (options.threads > 0) options.jobs = std::max(1, core_count() / options.threads);
  if (options.threads > 0 || core_count() == 1 || work.trainings < kWorthMeasuring) return;
  std::vector<Concurrency> choices = measure_concurrency(plan, options.device);
  options.jobs = choices[0].jobs;
  options.threads = choices[0].threads;
  if (options.quiet || choices.size() < 2) return;
  auto steps = double(plan.baseline().steps);
  fmt::print(stderr, "{} does {:.0f}% more than {}\n", text_of(choices[0]),
             100 * (choices[0].runs_done_per_second(steps) / choices[1].runs_done_per_second(steps) - 1),
             text_of(choices[1]));
}

void sweep_verb(SweepArguments& arguments) {
  LockedSweep sweep = is_sweep_file(arguments.file) ? sweep_of_file(arguments) : begun_sweep(arguments);
  const std::filesystem::path& folder = sweep.folder;
  Plan& plan = sweep.plan;
  RunnerOptions& options = arguments.runner;
  options.folder = folder;
  options.store = store_for(folder);
  if (plan.is_timed())
    freeze_concurrency(plan, options);
  else if (options.jobs == 0)
    choose_concurrency(plan, options);
  if (!options.quiet)
    fmt::print(stderr, "{}: {} arms, {} runs, {} at a time; results in {}\n", plan.name, plan.arms.size(),
               plan.runs.size(), options.jobs, folder.string());
  LiveTables tables(plan, folder);
  RunnerResult result = run_plan(plan, options,
                                 {[&] { tables.changed(); }, [&] { tables.catch_up(); },
                                  [&](const Plan& now) { return next_runs(now, folder); }},
                                 sweep.lock);
  tables.write();
  conclude(plan, folder, result, arguments.json, options.retry);
}

void declare_running(CLI::App& verb, SweepArguments& arguments) {
  RunnerOptions& runner = arguments.runner;
  runner.jobs = 0;
  verb.add_option("-j,--jobs", runner.jobs, "runs at a time; by default what a short measurement finds best")
      ->check(CLI::Range(1, 1024));
  verb.add_option("--threads", runner.threads,
                  "threads of each run; by default the cores divided by the jobs");
  verb.add_option("--device", runner.device, "cpu, cuda or auto")->capture_default_str();
  verb.add_option("--only", runner.only, "run only where this holds, e.g. 'seed == 1 and model.dim == 384'");
  verb.add_option("--max-runs", runner.max_runs, "stop after starting so many runs")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--budget", runner.budget_seconds, "start no run after this time, e.g. 4h, 90m")
      ->transform(
          CLI::AsNumberWithUnit(std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}},
                                CLI::AsNumberWithUnit::CASE_INSENSITIVE));
  verb.add_flag("--allow-no-effect", runner.allow_no_effect,
                "let runs succeed in which a technique acted on nothing");
  verb.add_flag("-q,--quiet", runner.quiet, "show no progress");
  verb.add_flag("--json", arguments.json, "print the table as JSON");
}

}  // namespace

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  return std::filesystem::weakly_canonical(a) == std::filesystem::weakly_canonical(b);
}

void freeze_concurrency(Plan& plan, RunnerOptions& options) {
  bool asked = options.jobs > 0 || options.threads > 0;
  Concurrency share = within_cores(asked ? options.jobs : plan.jobs, asked ? options.threads : plan.threads);
  if (plan.jobs > 0 && (share.jobs != plan.jobs || share.threads != plan.threads))
    throw Error(
        message(
            "{}: its budget is wall-clock time and its plan has -j {} --threads {}, which holds for all of "
            "its runs, not -j {} --threads {}, which is what these options and {} cores give; take the "
            "same, or start over with --fresh",
            {plan.name, plan.jobs, plan.threads, share.jobs, share.threads, core_count()}),
        2);
  options.jobs = share.jobs;
  options.threads = share.threads;
  if (plan.jobs > 0) return;
  plan.jobs = options.jobs;
  plan.threads = options.threads;
  write_plan(plan, options.folder);
  if (!options.quiet)
    fmt::print(stderr, "the budget is wall-clock time, so every run of this sweep gets {}\n", text_of(share));
}

void add_sweep_verbs(CLI::App& app) {
  add_plan_command(app);
  add_sweep_command(app);
  add_status_command(app);
  add_table_command(app);
  add_test_command(app);
  add_noise_command(app);
  add_power_command(app);
  add_diff_command(app);
  add_list_command(app);
  add_gc_command(app);
  add_report_command(app);
}

void add_sweep_command(CLI::App& app) {
  auto arguments = std::make_shared<SweepArguments>();
  CLI::App* verb = app.add_subcommand("sweep", "run a sweep, or go on with it");
  verb->add_option("sweep", arguments->file, "sweep file (TOML), or the folder of a sweep that was begun")
      ->required();
  verb->add_option("--output", arguments->output, "folder of the sweep; by default results/<name>");
  verb->add_flag("--fresh", arguments->fresh, "throw away its runs and trainings, and start over");
  verb->add_flag("--replan", arguments->replan,
                 "take in edits of the files; finished runs that still fit are kept");
  declare_running(*verb, *arguments);
  verb->callback([arguments] { sweep_verb(*arguments); });

  auto again = std::make_shared<SweepArguments>();
  again->runner.retry = true;
  CLI::App* retry = app.add_subcommand("retry", "run what failed or was lost in a sweep once more");
  retry->add_option("sweep", again->file, "name or folder of the sweep")->required();
  declare_running(*retry, *again);
  retry->callback([again] {
    again->file = sweep_folder(again->file).string();
    sweep_verb(*again);
  });
}

std::filesystem::path sweep_folder(const std::string& named) {
  std::filesystem::path path = named;
  if (path.filename() == "plan.json") path = path.parent_path();
  if (is_sweep_file(path)) path = std::filesystem::path("results") / read_sweep(path).name;
  for (const std::filesystem::path& candidate : {path, std::filesystem::path("results") / path})
    if (std::filesystem::exists(plan_path(candidate))) return candidate;
  throw Error(message("{}: no sweep was begun there: neither {} nor {} exists",
                      {named, plan_path(path).string(), plan_path("results" / path).string()}),
              2);
}

}  // namespace caddie
