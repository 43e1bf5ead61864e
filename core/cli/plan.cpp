// SPDX-License-Identifier: Apache-2.0
// caddie plan SWEEP says what a sweep would run, what that costs, and what it could show. It begins no run of
// the sweep, and writes nothing but the plan that --output asks for.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/numbers.h"
#include "cli/sweep.h"
#include "cli/verbs.h"
#include "report/cells.h"
#include "report/prior_runs.h"
#include "report/resolution.h"
#include "report/table.h"
#include "results/metrics.h"

namespace caddie {
namespace {

struct PlanArguments {
  std::filesystem::path file, output;
  std::vector<std::string> overrides;
  double sd = 0, paired_sd = 0, effect = 0, power = 0.8;
  int jobs = 0;
  bool probe = false, why_excluded = false, json = false;
};

/// Returns what is known of noise and time; what the command line says replaces what earlier runs tell.
PriorRuns known(const Plan& plan, const PlanArguments& arguments) {
  PriorRuns prior = prior_runs(plan);
  if (arguments.paired_sd > 0) {
    prior.paired_sd = arguments.paired_sd;
    prior.paired_source = "--paired-sd";
  }
  if (arguments.sd > 0) {
    prior.sd = arguments.sd;
    prior.source = "--sd";
  }
  return prior;
}

/// Returns the unit in which the tested metric and its differences are given.
std::string unit_of(const Plan& plan) {
  std::string metric = tested_metric(plan);
  return metric == kBpb.name ? "bpb" : metric == kLossNats.name ? "nats" : metric;
}

void print_resolution(const char* what, const Plan& plan, const ComparisonDesign& design,
                      const std::string& source, const PlanArguments& arguments) {
  if (!(design.df > 0))
    return tell("  {}: none: one run an arm says nothing of the noise; add seeds\n", what);
  Resolution r = resolution_of(plan, design, arguments.power, arguments.effect);
  std::string unit = unit_of(plan);
  tell(
      "  {}: SD {:.5f} from {}, df {:.0f}\n"
      "    found with power {:g}: {:.5f} {}; significant when observed: {:.5f}\n",
      what, design.sd, source, design.df, arguments.power, r.detectable, unit, r.significant);
  if (r.seeds > 0)
    tell("    {:.5f} {} would take {} seeds an arm ({} runs)\n", r.effect, unit, r.seeds,
         r.seeds * int64_t(plan.arms.size()));
  else if (r.effect <= claimed_margin(plan))
    tell("    {:.5f} {} is not beyond the claim's margin, so no number of seeds shows it\n", r.effect, unit);
}

void print_race(const Plan& plan, double sd, const PlanArguments& arguments) {
  auto arms = int64_t(plan.arms.size());
  RaceResolution resolution = race_resolution(plan, sd, arguments.power);
  RaceForecast expected = forecast(*plan.race, arms, resolution.effect);
  tell(
      "  race: proved with power {:.2f}: {:.5f} {}; an arm that is no better takes {:.1f} of {} seeds on "
      "average; {} to {} runs\n",
      expected.power, resolution.detectable, unit_of(plan), expected.mean_seeds, plan.seeds.size(),
      plan.runs.size(), arms * int64_t(plan.seeds.size()));
}

void print_pairs(const Plan& plan, const PriorRuns& prior) {
  if (plan.baseline().training.empty() || plan.arms.size() < 2) return;
  std::vector<std::string> pairs = paired_arms(plan);
  if (pairs.empty())
    return tell("comparisons: each arm is trained apart from the baseline, so none is paired\n");
  size_t apart = plan.arms.size() - 1 - pairs.size();
  tell("comparisons: of the baseline's trainings, so paired by checkpoint: '{}'{}\n",
       fmt::join(pairs, "', '"), apart > 0 ? fmt::format("; {} trained apart", apart) : "");
  if (plan.claim && !plan.claim->test.starts_with("paired"))
    tell("  but the claim's test is {} for all arms; paired_checkpoint would resolve more\n",
         plan.claim->test);
  if (!(prior.paired_sd > 0))
    tell(
        "  pairs have the training's noise in common and show far smaller differences; how small is unknown "
        "until some are measured, or give --paired-sd\n");
}

void print_paired_resolution(const Plan& plan, const PriorRuns& prior, const PlanArguments& arguments) {
  if (prior.paired_sd > 0)
    print_resolution("arms of one training, in pairs", plan, paired_design_of(plan, prior.paired_sd),
                     prior.paired_source, arguments);
}

void print_resolutions(const Plan& plan, const PriorRuns& prior, const PlanArguments& arguments) {
  if (!(prior.sd > 0)) {
    tell("resolution: unknown until the noise is known; give --sd, or measure it with caddie noise {}\n",
         plan.base_file);
    return print_paired_resolution(plan, prior, arguments);
  }
  ComparisonDesign design = design_of(plan, prior.sd);
  std::string side = design.tail == Tail::both ? "two-sided" : "one-sided";
  std::string claim = claimed_margin(plan) > 0 ? fmt::format(" for the claim of more than {:g} {}",
                                                             claimed_margin(plan), unit_of(plan))
                                               : "";
  int64_t arms = compared_arms(plan);
  tell("resolution{} at {} p < {:g}{}:\n", claim, side, alpha_of(plan),
       arms > 1 ? fmt::format(" for {} arms together", arms) : "");
  if (plan.race) return print_race(plan, prior.sd, arguments);
  print_resolution("arms trained apart", plan, design, prior.source, arguments);
  print_paired_resolution(plan, prior, arguments);
}

void print_excluded(const Plan& plan, bool all) {
  constexpr size_t kShown = 3;
  size_t shown = all ? plan.excluded.size() : std::min(kShown, plan.excluded.size());
  for (const Plan::Excluded& e : std::span(plan.excluded).first(shown))
    tell("left out: {}: {}\n", e.label, e.reason);
  if (shown < plan.excluded.size())
    tell("left out: {} more; --why-excluded lists them\n", plan.excluded.size() - shown);
}

/// Returns the overrides of the arm; those that the baseline has too are left out, unless the arm is the
/// baseline.
std::vector<std::string> settings_shown(const Plan& plan, const Arm& arm) {
  std::vector<std::string> shown = arm.overrides;
  const std::vector<std::string>& common = plan.baseline().overrides;
  if (!arm.is_baseline())
    std::erase_if(shown, [&](const std::string& setting) {
      return std::find(common.begin(), common.end(), setting) != common.end();
    });
  return shown;
}

void print_text(Plan& plan, const PlanArguments& arguments) {
  tell("{}: {}, {} arms, {} runs; base {}\n", plan.name, plan.design, plan.arms.size(), plan.runs.size(),
       plan.base_file);
  if (!plan.question.empty()) tell("{}\n", plan.question);
  tell("order: {}: seed by seed, {}\n", order_of(plan).name, order_of(plan).help);
  TextTable table{{"arm", "runs", "sets"}, {}, "lrl"};
  for (size_t i = 0; i < plan.arms.size(); ++i) {
    int64_t runs = 0;
    for (const PlannedRun& run : plan.runs) runs += run.arm == i;
    table.rows.push_back(
        {plan.arms[i].label, std::to_string(runs), join(settings_shown(plan, plan.arms[i]), "  ")});
  }
  tell("\n{}\n", table.terminal());
  print_excluded(plan, arguments.why_excluded);
  if (!plan.aliases.empty()) tell("cannot be told apart:\n  {}\n", join(plan.aliases, "\n  "));
  PriorRuns prior = known(plan, arguments);
  tell("{}", text_of(plan, estimate_cost(plan, prior.times, arguments.jobs, arguments.probe)));
  learn_pairs(prior, plan);
  print_pairs(plan, prior);
  print_resolutions(plan, prior, arguments);
}

Json arms_json(const Plan& plan) {
  Json arms = Json::array();
  for (const Arm& arm : plan.arms)
    arms.push_back({{"label", arm.label},
                    {"kind", arm.kind},
                    {"overrides", arm.overrides},
                    {"paired", arm.training.empty() ? Json() : Json(shares_training(plan, arm))}});
  return arms;
}

void print_json(Plan& plan, const PlanArguments& arguments) {
  PriorRuns prior = known(plan, arguments);
  CostEstimate cost = estimate_cost(plan, prior.times, arguments.jobs, arguments.probe);
  learn_pairs(prior, plan);
  ComparisonDesign design = design_of(plan, prior.sd), paired = paired_design_of(plan, prior.paired_sd);
  Json excluded = Json::array();
  for (const Plan::Excluded& x : plan.excluded)
    excluded.push_back({{"label", x.label}, {"reason", x.reason}});
  Json json = {{"sweep", plan.name},
               {"design", plan.design},
               {"runs", plan.runs.size()},
               {"seeds", plan.seeds},
               {"order", plan.run.order},
               {"arms", arms_json(plan)},
               {"excluded", excluded},
               {"aliases", plan.aliases},
               {"sd", number_or_null(prior.sd)},
               {"metric", tested_metric(plan)},
               {"margin", claimed_margin(plan)},
               {"alpha", alpha_of(plan)},
               {"power", arguments.power},
               {"df", design.df},
               {"comparisons", compared_arms(plan)},
               {"to_do", cost.work.runs},
               {"trainings", cost.work.trainings},
               {"steps", cost.work.steps},
               {"steps_separately", cost.work.separately},
               {"jobs", cost.jobs},
               {"seconds", number_or_null(cost.seconds)},
               {"detectable", number_or_null(detectable_difference(plan, design, arguments.power))},
               {"paired_sd", number_or_null(prior.paired_sd)},
               {"detectable_paired", number_or_null(detectable_difference(plan, paired, arguments.power))}};
  if (plan.race && prior.sd > 0)
    json["detectable"] = race_resolution(plan, prior.sd, arguments.power).detectable;
  tell("{}\n", text_of(json, 2));
}

void plan_verb(const PlanArguments& arguments) {
  start_threads(0);  // Keys of a thousand arms and samples of their weights take a second.
  Plan plan = make_plan(read_sweep(arguments.file, arguments.overrides));
  if (!arguments.output.empty()) {
    fill_missing_groups(plan);
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
  declare_base_overrides(*verb, arguments->overrides);
  verb->add_option("-o,--output", arguments->output, "folder to freeze the plan in, for caddie sweep FOLDER");
  verb->add_option("-j,--jobs", arguments->jobs, "runs at a time, for the time estimate")
      ->check(side_by_side());
  verb->add_flag("--probe", arguments->probe,
                 "run the baseline for some seconds to estimate the time, and to say how many runs at a time "
                 "suit this machine");
  verb->add_flag("--why-excluded", arguments->why_excluded, "every combination that is left out, and why");
  verb->add_option("--sd", arguments->sd,
                   "standard deviation from seed to seed of what the claim is about, val_bpb by default")
      ->check(above_zero());
  verb->add_option("--paired-sd", arguments->paired_sd,
                   "standard deviation of the difference between arms of one training")
      ->check(above_zero());
  verb->add_option("--power", arguments->power, "chance to find a difference that is there")
      ->check(within(0.01, 0.999))
      ->capture_default_str();
  verb->add_option("--effect", arguments->effect, "difference of interest, in the unit of the claim's metric")
      ->check(above_zero());
  verb->add_flag("--json", arguments->json, "print the plan as JSON");
  verb->callback([arguments] { plan_verb(*arguments); });
}

}  // namespace caddie
