// SPDX-License-Identifier: Apache-2.0
// caddie plan SWEEP: what a sweep would run, what that costs, and what it could show. Changes nothing.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "base/text.h"
#include "cli/sweep.h"
#include "report/files.h"
#include "sweep/plan.h"

namespace caddie {
namespace {

struct PlanArguments {
  std::filesystem::path file, output;
  double sd = 0, effect = 0, power = 0.8;
  int jobs = 1;
  bool json = false;
};

/// What earlier runs tell: noise and time.
struct Experience {
  double sd = kUnknown, df = 0, run_seconds = kUnknown;
  std::string source;
};

/// From the runs of the sweep itself, else from those of caddie noise on its base.
Experience experience(const Plan& plan, double given_sd) {
  Experience e;
  for (const std::filesystem::path& folder :
       {std::filesystem::path("results") / plan.name, noise_folder(plan.base_file)}) {
    if (e.sd > 0 || !std::filesystem::exists(plan_path(folder))) continue;
    Plan frozen = read_plan(folder);
    Ablation before = analyze(frozen, folder);
    std::vector<double> seconds;
    for (const RunRow& run : before.runs)
      if (run.state.status == RunStatus::done)
        seconds.push_back(run.number("train_time_s") + run.number("eval_time_s"));
    e = {std::sqrt(before.pooled.variance), before.pooled.df, summarize(seconds).mean, folder.string()};
  }
  if (given_sd > 0) {
    e.sd = given_sd;
    e.source = "--sd";
  }
  return e;
}

/// The comparison of one arm with the baseline, as this plan makes it.
Design design_of(const Plan& plan, double sd) {
  double baseline = 0, df = 0;
  for (size_t arm = 0; arm < plan.arms.size(); ++arm) {
    double n = 0;
    for (const PlannedRun& run : plan.runs) n += run.arm == arm;
    if (arm == 0) baseline = n;
    df += n - 1;
  }
  Design design{double(plan.seeds.size()), baseline, df, sd};
  design.alpha = plan.claim ? plan.claim->alpha : 0.05;
  design.tail = plan.claim ? Tail::less : Tail::both;
  return design;
}

void print_resolution(const Plan& plan, const Experience& e, const PlanArguments& arguments) {
  if (!(e.sd > 0)) {
    fmt::print(
        "resolution: unknown until the noise is known; give --sd, or measure it with caddie noise {}\n",
        plan.base_file);
    return;
  }
  Design design = design_of(plan, e.sd);
  std::string side = design.tail == Tail::both ? "two-sided" : "one-sided";
  fmt::print("resolution at {} p < {:g} before any correction, SD {:.5f} bpb from {}, df {:.0f}:\n", side,
             design.alpha, e.sd, e.source, design.df);
  if (!(design.df > 0)) {
    fmt::print("  none: one run an arm says nothing of the noise; add seeds\n");
    return;
  }
  double smallest = detectable(design, arguments.power);
  fmt::print("  a difference of {:.5f} bpb is found with power {:g}; {:.5f} observed is significant\n",
             smallest, arguments.power, significant_delta(design));
  for (double effect : {arguments.effect > 0 ? arguments.effect : smallest / 2}) {
    int64_t seeds =
        seeds_needed(effect, e.sd, int64_t(plan.arms.size()), design.alpha, arguments.power, design.tail);
    fmt::print("  {:.5f} bpb would take {} seeds an arm ({} runs)\n", effect, seeds,
               seeds * int64_t(plan.arms.size()));
  }
}

void print_text(const Plan& plan, const PlanArguments& arguments) {
  fmt::print("{}: {}, {} arms, {} runs; base {}\n", plan.name, plan.design, plan.arms.size(),
             plan.runs.size(), plan.base_file);
  if (!plan.question.empty()) fmt::print("{}\n", plan.question);
  TextTable table{{"arm", "runs", "sets"}, {}, "lrl"};
  for (size_t i = 0; i < plan.arms.size(); ++i) {
    int64_t runs = 0;
    for (const PlannedRun& run : plan.runs) runs += run.arm == i;
    table.rows.push_back({plan.arms[i].label, std::to_string(runs), join(plan.arms[i].overrides, "  ")});
  }
  fmt::print("\n{}\n", table.terminal());
  for (const Plan::Excluded& e : plan.excluded) fmt::print("left out: {}: {}\n", e.label, e.reason);
  if (!plan.aliases.empty()) fmt::print("cannot be told apart:\n  {}\n", join(plan.aliases, "\n  "));
  Experience e = experience(plan, arguments.sd);
  if (std::isfinite(e.run_seconds))
    fmt::print("time: {} a run in {}; {} runs, {} at a time: {}\n", duration(e.run_seconds), e.source,
               plan.runs.size(), arguments.jobs,
               duration(e.run_seconds * double(plan.runs.size()) / arguments.jobs));
  print_resolution(plan, e, arguments);
}

void print_json(const Plan& plan, const PlanArguments& arguments) {
  Experience e = experience(plan, arguments.sd);
  Design design = design_of(plan, e.sd);
  Json arms = Json::array(), excluded = Json::array();
  for (const Arm& arm : plan.arms)
    arms.push_back({{"label", arm.label}, {"kind", arm.kind}, {"overrides", arm.overrides}});
  for (const Plan::Excluded& x : plan.excluded)
    excluded.push_back({{"label", x.label}, {"reason", x.reason}});
  auto known = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
  Json json = {{"sweep", plan.name},
               {"design", plan.design},
               {"runs", plan.runs.size()},
               {"seeds", plan.seeds},
               {"arms", arms},
               {"excluded", excluded},
               {"aliases", plan.aliases},
               {"sd", known(e.sd)},
               {"alpha", design.alpha},
               {"power", arguments.power},
               {"df", design.df},
               {"run_seconds", known(e.run_seconds)},
               {"detectable", known(detectable(design, arguments.power))}};
  fmt::print("{}\n", json.dump(2));
}

void plan_verb(const PlanArguments& arguments) {
  Plan plan = make_plan(read_sweep(arguments.file));
  if (!arguments.output.empty()) {
    check_groups(plan);
    write_plan(plan, arguments.output);
  }
  if (arguments.json)
    print_json(plan, arguments);
  else
    print_text(plan, arguments);
}

}  // namespace

void add_plan_command(CLI::App& app) {
  auto arguments = std::make_shared<PlanArguments>();
  CLI::App* verb = app.add_subcommand("plan", "what a sweep would run, and what it could show");
  verb->add_option("sweep", arguments->file, "sweep file (TOML)")->required();
  verb->add_option("-o,--output", arguments->output, "folder to freeze the plan in, for caddie sweep FOLDER");
  verb->add_option("-j,--jobs", arguments->jobs, "runs at a time, for the time estimate")
      ->check(CLI::PositiveNumber);
  verb->add_option("--sd", arguments->sd, "standard deviation of val_bpb from seed to seed")
      ->check(CLI::PositiveNumber);
  verb->add_option("--power", arguments->power, "chance to find a difference that is there")
      ->check(CLI::Range(0.01, 0.999))
      ->capture_default_str();
  verb->add_option("--effect", arguments->effect, "difference of interest in bpb")
      ->check(CLI::PositiveNumber);
  verb->add_flag("--json", arguments->json, "print the plan as JSON");
  verb->callback([arguments] { plan_verb(*arguments); });
}

}  // namespace caddie
