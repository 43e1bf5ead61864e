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

/// The facts of a sequence. Its clock stops short of the time that quantizing takes.
Facts facts_of(const Json& config) {
  Facts facts;
  add(facts, config);
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
  bool loops = !is_off(sequence["config"].value("num_loops", Json()));
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
    if (!loops) continue;
    auto order = bench.make_only<LayerOrder>(tree, "techniques");
    verdict.equal("looping" + where, order->acts(progress) != row.at("looping_from_here").get<bool>());
  }
}

/// "0.5@0.4,1.0@0.8" as shares and their values, by rising share.
std::vector<std::pair<double, double>> entries_of(const std::string& plan) {
  std::vector<std::pair<double, double>> entries;
  for (size_t begin = 0; begin < plan.size();) {
    size_t at = plan.find('@', begin), end = std::min(plan.find(',', begin), plan.size());
    check(at < end, "{}: wanted value@share, several of them divided by commas", plan);
    entries.emplace_back(std::stod(plan.substr(at + 1, end - at - 1)),
                         std::stod(plan.substr(begin, at - begin)));
    begin = end + 1;
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Where the values of a plan begin, and the values; the default alone when it is empty.
Facts plan_of(const Json& sequence) {
  Json from = Json::array(), values = Json::array();
  auto entries = entries_of(sequence.at("schedule"));
  if (entries.empty()) entries.emplace_back(0.0, sequence.at("default").get<double>());
  for (const auto& entry : entries) {
    from.push_back(entry.first);
    values.push_back(entry.second);
  }
  return {{"schedule_from", from}, {"schedule_values", values}};
}

/// The sampler of a plan of sequence lengths. Throws where it refuses the plan.
std::shared_ptr<Sampler> sampler_of(const Case& c, const Json& config, Bench& bench) {
  Json lengths = Json::array(), until = Json::array();
  for (const auto& entry : entries_of(config.at("train_seq_schedule"))) {
    until.push_back(entry.first);
    lengths.push_back(int64_t(entry.second));
  }
  Facts facts = {{"lengths", lengths}, {"lengths_until", until}};
  Tree tree = bench.experiment(c, facts);
  auto sampler = bench.make<Sampler>(tree, "data.sampler");
  ModelShape shape;
  shape.sequence_length = config.at("train_seq_len");
  sampler->validate({shape, {}});
  return sampler;
}

void check_lengths(const Case& c, const Json& schedule, Bench& bench, Verdict& verdict) {
  know_keys(schedule, "a schedule of seq_len_schedules", {"config", "plan", "rows", "refused"});
  const Json& config = schedule.at("config");
  if (schedule.value("refused", false)) {
    bool refused = false;
    try {
      sampler_of(c, config, bench);
    } catch (const Skip&) {
      throw;
    } catch (const std::exception&) {
      refused = true;
    }
    verdict.equal("refusal of " + config.dump(), !refused);
    return;
  }
  auto sampler = sampler_of(c, config, bench);
  Budget budget;
  budget.steps = config.at("iterations");
  if (config.at("mode") == "wallclock" && !is_off(config.at("max_wallclock_ms")))
    budget.seconds = config["max_wallclock_ms"].get<double>() / 1000;
  for (const Json& row : schedule.at("rows")) {
    know_keys(row, "a row of seq_len_schedules", {"step", "elapsed_ms", "seq_len", "progress"});
    BatchSize set = {1, config.at("train_seq_len")};
    verdict.equal("length at " + row.dump() + " of " + config.dump(),
                  sampler->size(set, progress_at(row, budget)).length != row.at("seq_len").get<int64_t>());
  }
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
  const Json& expected = c.expected();
  if (expected.contains("fraction_sequences"))
    for (const Json& sequence : expected["fraction_sequences"]) check_sequence(c, sequence, bench, verdict);
  if (expected.contains("scalar_schedules"))
    for (const Json& sequence : expected["scalar_schedules"]) check_plan(c, sequence, bench, verdict);
  if (expected.contains("seq_len_schedules"))
    for (const Json& schedule : expected["seq_len_schedules"]) check_lengths(c, schedule, bench, verdict);
}

}  // namespace caddie::parity
