// SPDX-License-Identifier: Apache-2.0
// Cases of kind schedules whose rates go by the share of the training that is done: what learning rates and
// weight decay are multiplied by, and multiples that change at given shares.
#include <algorithm>
#include <cmath>

#include "parity/kinds.h"
#include "train/trainer.h"

namespace caddie::parity {
namespace {

Progress progress_at(const Json& row, const Budget& budget) {
  Progress progress;
  progress.step = row.at("step");
  progress.steps = budget.steps;
  progress.seconds = row.at("elapsed_ms").get<double>() / 1000;
  progress.budget_seconds = budget.seconds;
  return progress;
}

/// What one step leaves of a weight whose gradient is 0: 1 - rate * decay.
double kept_by(Optimizer& optimizer, const Progress& progress) {
  WeightInfo info;
  info.name = "probe";
  info.shape = {2, 2};
  Tensor value(info.shape);
  std::fill_n(value.data(), value.numel(), 1.0f);
  Weight weight{&info, value, Tensor(info.shape)};
  optimizer.step({&weight, 1}, progress);
  return double(value.data()[0]);
}

/// The facts of a sequence, without those of upstream's loops. Its clock stops short of the time that
/// quantizing takes.
Facts facts_of(const Json& config) {
  Facts facts;
  add(facts, config);
  facts.erase("num_loops");
  facts.erase("enable_looping_at");
  if (config.value("max_wallclock_seconds", 0.0) > 0)
    facts["max_wallclock_seconds"] =
        config["max_wallclock_seconds"].get<double>() - config.value("gptq_reserve_seconds", 0.0);
  facts.erase("gptq_reserve_seconds");
  return facts;
}

void check_sequence(const Case& c, const Json& sequence, Bench& bench, Verdict& verdict) {
  know_keys(sequence, "a sequence of fraction_sequences", {"config", "rows"});
  Tree tree = bench.experiment(c, facts_of(sequence.at("config")));
  auto schedule = bench.make<Schedule>(tree, "train.schedule");
  Budget budget;
  tree.read("budget", [&](Settings& s) { budget.settings(s); });
  for (const Json& row : sequence.at("rows")) {
    know_keys(row, "a row of fraction_sequences",
              {"step", "elapsed_ms", "frac", "lr_mul", "wd_mul", "looping_from_here"});
    Progress progress = progress_at(row, budget);
    std::string where = " at step " + std::to_string(progress.step) + " of " + sequence["config"].dump();
    verdict.within("scale" + where, std::abs(schedule->scale(progress) - row.at("lr_mul").get<double>()),
                   c.tolerance("abs"));
    // The rules give the optimizer a rate and a decay of 1. Weights are float32.
    auto optimizer = bench.make_only<Optimizer>(tree, "optimizers");
    auto wanted = float(1 - row.at("wd_mul").get<double>());
    verdict.within("weight decay" + where, std::abs(kept_by(*optimizer, progress) - double(wanted)),
                   c.tolerance("abs"));
  }
}

/// "0.5@0.4,1.0@0.8" as facts: where the values begin, and the values; the default alone when it is empty.
Facts plan_of(const Json& sequence) {
  Json from = Json::array(), values = Json::array();
  std::string plan = sequence.at("schedule");
  for (size_t begin = 0; begin < plan.size();) {
    size_t at = plan.find('@', begin), end = std::min(plan.find(',', begin), plan.size());
    check(at < end, "{}: wanted value@share, several of them divided by commas", plan);
    values.push_back(std::stod(plan.substr(begin, at - begin)));
    from.push_back(std::stod(plan.substr(at + 1, end - at - 1)));
    begin = end + 1;
  }
  if (from.empty()) {
    from.push_back(0.0);
    values.push_back(sequence.at("default"));
  }
  return {{"schedule_from", from}, {"schedule_values", values}};
}

void check_plan(const Case& c, const Json& sequence, Bench& bench, Verdict& verdict) {
  know_keys(sequence, "a schedule of scalar_schedules", {"schedule", "default", "plan", "values"});
  Tree tree = bench.experiment(c, plan_of(sequence));
  auto schedule = bench.make<Schedule>(tree, "train.schedule");
  for (const Json& value : sequence.at("values")) {
    Progress progress;
    progress.budget_seconds = 1;
    progress.seconds = value.at(0);
    verdict.within("value at " + value[0].dump() + " of " + sequence["schedule"].dump(),
                   std::abs(schedule->scale(progress) - value.at(1).get<double>()), c.tolerance("abs"));
  }
}

}  // namespace

void check_fractions(const Case& c, Bench& bench, Verdict& verdict) {
  bool loops = false;
  const Json& expected = c.expected();
  if (expected.contains("fraction_sequences"))
    for (const Json& sequence : expected["fraction_sequences"]) {
      check_sequence(c, sequence, bench, verdict);
      loops = loops || !is_off(sequence["config"].value("num_loops", Json()));
    }
  if (expected.contains("scalar_schedules"))
    for (const Json& sequence : expected["scalar_schedules"]) check_plan(c, sequence, bench, verdict);
  // What is wrong is told before what is missing.
  bool lengths = expected.contains("seq_len_schedules");
  if (verdict.passed() && (loops || lengths))
    skip("all rates agree; of the case remain{}{}", loops ? " num_loops" : "",
         lengths ? " seq_len_schedules" : "");
}

}  // namespace caddie::parity
