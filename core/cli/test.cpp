// SPDX-License-Identifier: Apache-2.0
// caddie test A B: one comparison. caddie power: what can be told apart with how many seeds.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/text.h"
#include "cli/sweep.h"
#include "report/ablation.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "statistics/power.h"

namespace caddie {
namespace {

struct TestArguments {
  std::string arm, baseline, metric = kBpb.name, direction = "min", test = "auto";
  double margin = 0, margin_nats = 0, alpha = 0.01;
  bool assert_met = false, json = false;
};

/// The finished runs of one arm, or a fixed number.
struct Finished {
  std::string name, sweep;
  std::vector<int64_t> seeds;
  std::vector<double> values;
  std::vector<std::string> trainings;  // of each, where the runs tell
  PooledVariance pooled;               // over the sweep
};

Finished finished_runs(const std::string& named, const std::string& metric) {
  size_t colon = named.rfind(':');
  if (colon == std::string::npos)
    throw Error(message("'{}' names no arm; write SWEEP:ARM, such as quickstart:baseline", {named}), 2);
  std::filesystem::path folder = std::filesystem::canonical(sweep_folder(named.substr(0, colon)));
  Finished finished{named, folder.string(), {}, {}, {}, {}};
  std::string label = named.substr(colon + 1);
  Plan plan = read_plan(finished.sweep);
  Ablation ablation = analyze(plan, finished.sweep, label);
  for (const Arm& arm : plan.arms) {
    std::vector<double> values;
    for (const RunRow& run : ablation.runs) {
      if (run.arm != &arm || !run.is_done() || !std::isfinite(run.number(metric))) continue;
      values.push_back(run.number(metric));
      if (arm.label != label) continue;
      finished.seeds.push_back(run.run->seed);
      finished.trainings.push_back(run.training());
    }
    if (arm.label == label) finished.values = std::move(values);
  }
  finished.pooled = ablation.pool_over_arms(metric);
  if (finished.values.empty()) throw Error(message("{}: no finished run has {}", {named, metric}), 2);
  return finished;
}

/// Where each run of `arm` stands among those of `baseline`: of the same seed, or of the same training.
Comparison paired(const Finished& arm, const Finished& baseline, bool by_checkpoint,
                  const Question& question) {
  std::vector<double> mine, theirs;
  for (size_t i = 0; i < arm.seeds.size(); ++i)
    for (size_t j = 0; j < baseline.seeds.size(); ++j) {
      bool same = by_checkpoint ? !arm.trainings[i].empty() && arm.trainings[i] == baseline.trainings[j]
                                : arm.seeds[i] == baseline.seeds[j];
      if (!same) continue;
      mine.push_back(arm.values[i]);
      theirs.push_back(baseline.values[j]);
      break;
    }
  Comparison c = paired_test(mine, theirs, question);
  c.test = by_checkpoint ? "paired_checkpoint" : "paired_seed";
  return c;
}

/// Paired where all runs of the arm come from the baseline's trainings, pooled within one sweep, Welch
/// between two.
Comparison compare(const Finished& arm, const Finished& baseline, const std::string& test,
                   const Question& question) {
  Sample a = summarize(arm.values), b = summarize(baseline.values);
  if (test == "paired_seed") return paired(arm, baseline, false, question);
  bool shared = std::all_of(arm.trainings.begin(), arm.trainings.end(), [&](const std::string& name) {
    return !name.empty() &&
           std::find(baseline.trainings.begin(), baseline.trainings.end(), name) != baseline.trainings.end();
  });
  if (test == "paired_checkpoint" && !shared)
    throw Error("the arms do not come from the same trainings; take --test pooled or welch", 2);
  if (test == "paired_checkpoint" || (test == "auto" && shared)) return paired(arm, baseline, true, question);
  bool one_sweep = arm.sweep == baseline.sweep;
  if (test == "pooled" && !one_sweep)
    throw Error("a pooled test wants two arms of one sweep; take --test welch", 2);
  if (test == "welch" || !one_sweep) return welch_test(a, b, question);
  return pooled_test(a, b, arm.pooled, question);
}

void test_verb(TestArguments arguments) {
  if (arguments.margin_nats > 0) {
    arguments.metric = kLossNats.name;
    arguments.margin = arguments.margin_nats;
  }
  // Both ends of the interval leave out alpha, so that it excludes the margin when the test is met.
  Question question{arguments.direction == "min" ? Tail::less : Tail::greater, arguments.margin,
                    1 - 2 * arguments.alpha};
  Finished arm = finished_runs(arguments.arm, arguments.metric);
  char* end = nullptr;
  double target = std::strtod(arguments.baseline.c_str(), &end);
  Comparison c;
  if (!arguments.baseline.empty() && *end == '\0')
    c = one_sample_test(summarize(arm.values), target, question);
  else
    c = compare(arm, finished_runs(arguments.baseline, arguments.metric), arguments.test, question);
  bool met = c.p < arguments.alpha;
  if (arguments.json) {
    auto known = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
    Json json = {{"arm", arguments.arm},
                 {"baseline", arguments.baseline},
                 {"metric", arguments.metric},
                 {"margin", arguments.margin},
                 {"alpha", arguments.alpha},
                 {"test", c.test},
                 {"delta", known(c.delta)},
                 {"low", known(c.low)},
                 {"high", known(c.high)},
                 {"df", known(c.df)},
                 {"t", known(c.t)},
                 {"p", known(c.p)},
                 {"met", met}};
    fmt::print("{}\n", json.dump(2));
  } else {
    fmt::print("{} {} - {}: {:+.6f}", arguments.metric, arguments.arm, arguments.baseline, c.delta);
    if (std::isfinite(c.p))
      fmt::print(
          "   {:g}% CI [{:+.6f}, {:+.6f}]\n{} t = {:.3f}, df {:.1f}, one-sided p = {:.5f}: {} by more than "
          "{:g} at "
          "p < {:g}\n",
          100 * question.confidence, c.low, c.high, c.test, c.t, c.df, c.p,
          met ? "better" : "not shown to be better", arguments.margin, arguments.alpha);
    else
      fmt::print("\nno p: one run says nothing of the noise; add seeds\n");
  }
  if (arguments.assert_met && !met) throw Error("the claim is not met", 3);
}

struct PowerArguments {
  Design design;
  double effect = 0, power = 0.8;
  int64_t seeds = 3, arms = 2;
  bool two_sided = false, paired = false, corrected = false, json = false;
};

void power_verb(PowerArguments arguments) {
  Design& design = arguments.design;
  int64_t pooled_arms = arguments.paired ? 1 : arguments.arms;
  design.seeds = design.baseline_seeds = double(arguments.seeds);
  if (arguments.paired) design.baseline_seeds = HUGE_VAL;
  if (arguments.corrected) design.comparisons = arguments.arms - 1;
  design.df = double(pooled_arms * (arguments.seeds - 1));
  design.tail = arguments.two_sided ? Tail::both : Tail::less;
  double smallest = detectable(design, arguments.power);
  if (!std::isfinite(smallest))
    throw Error("one seed an arm says nothing of the noise; take --seeds 2 or more", 2);
  double effect = arguments.effect > 0 ? arguments.effect : smallest;
  double chance = power_of(design, effect);
  int64_t needed = std::isfinite(effect) ? seeds_needed(design, effect, arguments.power, pooled_arms) : 0;
  if (arguments.json) {
    auto known = [](double value) { return std::isfinite(value) ? Json(value) : Json(); };
    Json json = {
        {"seeds", arguments.seeds}, {"arms", arguments.arms},           {"df", design.df},
        {"alpha", design.alpha},    {"power", arguments.power},         {"detectable", known(smallest)},
        {"effect", known(effect)},  {"power_at_effect", known(chance)}, {"seeds_needed", needed}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("{} arms x {} seeds, SD {:g}, {} p < {:g}, df {:.0f}\n", arguments.arms, arguments.seeds,
             design.sd, arguments.two_sided ? "two-sided" : "one-sided", design.alpha, design.df);
  fmt::print("found with chance {:g}: {:.6f}\nchance to find {:.6f}: {:.3f}\n", arguments.power, smallest,
             effect, chance);
  if (needed > 0)
    fmt::print("seeds an arm to find {:.6f} with chance {:g}: {}\n", effect, arguments.power, needed);
  else
    fmt::print("10000 seeds an arm are too few to find {:.6f} with chance {:g}\n", effect, arguments.power);
}

}  // namespace

void add_test_command(CLI::App& app) {
  auto arguments = std::make_shared<TestArguments>();
  CLI::App* verb = app.add_subcommand("test", "is one arm better than another, or than a number");
  verb->add_option("arm", arguments->arm, "SWEEP:ARM, such as quickstart:+trigram")->required();
  verb->add_option("baseline", arguments->baseline, "SWEEP:ARM, or a number to be beaten")->required();
  verb->add_option("--metric", arguments->metric, "column of runs.csv")->capture_default_str();
  verb->add_option("--direction", arguments->direction, "which way is better")
      ->check(CLI::IsMember({"min", "max"}))
      ->capture_default_str();
  verb->add_option("--margin", arguments->margin, "how much better at least")->check(CLI::NonNegativeNumber);
  verb->add_option("--margin-nats", arguments->margin_nats, "the same in nats per token, of val_loss_nats")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--alpha", arguments->alpha, "level of significance")
      ->check(CLI::Range(1e-9, 0.5))
      ->capture_default_str();
  verb->add_option(
          "--test", arguments->test,
          "auto: paired by checkpoint where runs share one, else pooled within a sweep and welch between two")
      ->check(CLI::IsMember({"auto", "pooled", "welch", "paired_checkpoint", "paired_seed"}))
      ->capture_default_str();
  verb->add_flag("--assert", arguments->assert_met, "exit with 3 when it is not shown to be better");
  verb->add_flag("--json", arguments->json, "print the comparison as JSON");
  verb->callback([arguments] { test_verb(*arguments); });
}

void add_power_command(CLI::App& app) {
  auto arguments = std::make_shared<PowerArguments>();
  CLI::App* verb = app.add_subcommand("power", "which difference can be found with how many seeds");
  verb->add_option("--sd", arguments->design.sd, "standard deviation from seed to seed")
      ->required()
      ->check(CLI::PositiveNumber);
  verb->add_option("--effect", arguments->effect,
                   "difference of interest; by default the smallest that is found")
      ->check(CLI::PositiveNumber);
  verb->add_option("--seeds", arguments->seeds, "runs of each arm")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  verb->add_option("--arms", arguments->arms, "arms that share the noise, the baseline included")
      ->check(CLI::Range(2, 100000))
      ->capture_default_str();
  verb->add_option("--alpha", arguments->design.alpha, "level of significance")
      ->check(CLI::Range(1e-9, 0.5))
      ->capture_default_str();
  verb->add_option("--power", arguments->power, "chance to find a difference that is there")
      ->check(CLI::Range(0.01, 0.999))
      ->capture_default_str();
  verb->add_flag("--corrected", arguments->corrected, "alpha is that of all arms together (Dunnett)");
  verb->add_flag("--paired", arguments->paired, "runs come in pairs; --sd is that of their differences");
  verb->add_flag("--two-sided", arguments->two_sided, "a difference in either direction");
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { power_verb(*arguments); });
}

}  // namespace caddie
