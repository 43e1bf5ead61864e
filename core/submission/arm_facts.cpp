// SPDX-License-Identifier: Apache-2.0
// All that is refused is refused here, before anything is written.
#include "submission/arm_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/text.h"
#include "report/sweep_tables.h"

namespace caddie {
namespace {

const ArmRow& row_of(const Ablation& ablation, const std::string& label) {
  std::vector<std::string> labels;
  for (const ArmRow& row : ablation.arms) {
    if (row.arm->label == label) return row;
    labels.push_back(row.arm->label);
  }
  fail_usage("--arm: no arm of {} is called '{}'{}", ablation.plan->name, label, suggestion(label, labels));
}

/// Throws Error (kUsage) when runs of the arm are missing, and says how they are made.
void check_all_done(const Ablation& ablation, const ArmRow& row, const std::string& sweep) {
  std::vector<std::string> missing;
  bool only_planned = true;
  for (const RunRow& run : ablation.runs_of(row.arm)) {
    if (run.is_done()) continue;
    missing.push_back(fmt::format("{} ({})", run.run->seed, name_of(run.state.status)));
    only_planned = only_planned && run.state.status == RunStatus::planned;
  }
  if (row.planned == 0) fail_usage("'{}' of {} has no run", row.arm->label, ablation.plan->name);
  if (missing.empty()) return;
  std::string how = fmt::format("caddie {} {}", only_planned ? "sweep" : "retry", sweep);
  if (ablation.plan->imported) how = "import logs that went to their end, into another folder";
  fail_usage("'{}' of {} is not finished: of {} seeds these are not done: {}; first: {}", row.arm->label,
             ablation.plan->name, row.planned, join(missing, ", "), how);
}

std::string hardware_of(const MachineRecord& machine) {
  int64_t ranks = machine.ranks.value_or(1);
  if (!machine.gpu.empty()) return ranks > 1 ? fmt::format("{} x {}", ranks, machine.gpu) : machine.gpu;
  if (machine.cpu.empty()) return "";
  std::string text = machine.cpu;
  if (machine.threads) text += ", " + counted(*machine.threads, "thread");
  if (ranks > 1) text += fmt::format(" in each of {} ranks", ranks);
  return text;
}

}  // namespace

std::vector<double> ArmFacts::numbers(const Metric& metric) const {
  std::vector<double> values;
  for (const SeedRun& run : runs)
    if (double value = run.number(metric); std::isfinite(value)) values.push_back(value);
  return values;
}

Sample ArmFacts::sample(const Metric& metric) const {
  std::vector<double> values = numbers(metric);
  return values.size() == runs.size() ? summarize(values) : Sample();
}

const SeedRun& ArmFacts::chosen_run() const {
  std::vector<const SeedRun*> order;
  for (const SeedRun& run : runs) order.push_back(&run);
  std::stable_sort(order.begin(), order.end(), [&](const SeedRun* a, const SeedRun* b) {
    return a->summary.number(score) < b->summary.number(score);
  });
  return *order[(order.size() - 1) / 2];
}

const SeedRun& ArmFacts::largest_run() const {
  return *std::max_element(runs.begin(), runs.end(), [](const SeedRun& a, const SeedRun& b) {
    return a.summary.artifact_bytes.value_or(0) < b.summary.artifact_bytes.value_or(0);
  });
}

std::string ArmFacts::distinct(const std::function<std::string(const SeedRun&)>& of) const {
  std::vector<std::string> texts;
  for (const SeedRun& run : runs)
    if (std::string text = of(run); !text.empty() && std::count(texts.begin(), texts.end(), text) == 0)
      texts.push_back(text);
  return join(texts, "; ");
}

std::string ArmFacts::hardware() const {
  return distinct([](const SeedRun& run) { return hardware_of(run.record.machine); });
}

std::string log_name(int64_t seed) { return fmt::format("train_seed{}.log", seed); }

ArmFacts arm_facts(const Ablation& ablation, const std::string& label, const std::string& sweep) {
  ArmFacts facts;
  facts.row = row_of(ablation, label);
  check_all_done(ablation, facts.row, sweep);
  if (const std::string& why = facts.row.arm->unpooled; !why.empty())
    fail_usage("'{}' of {} is no sample of one experiment: {}", label, ablation.plan->name, why);
  facts.sweep = ablation.plan->name;
  facts.baseline = ablation.baseline;
  facts.score = ablation.score;
  facts.metric = ablation.metric;
  facts.correction = ablation.correction;
  facts.alpha = ablation.alpha;
  facts.confidence = ablation.confidence;
  facts.table = render(ablation, "md");
  for (const RunRow& run : ablation.runs_of(facts.row.arm))
    facts.runs.push_back(
        {run.run->seed, run.run->folder, run.state.summary, run.state.record.value_or(RunRecord())});
  std::sort(facts.runs.begin(), facts.runs.end(),
            [](const SeedRun& a, const SeedRun& b) { return a.seed < b.seed; });
  return facts;
}

}  // namespace caddie
