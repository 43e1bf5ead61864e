// SPDX-License-Identifier: Apache-2.0
// Nothing is tested here: the analysis of the sweep has tested all arms already.
#include "report/decisions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/text.h"
#include "results/metrics.h"

namespace caddie {
namespace {

bool has_runs_to_come(const ArmRow& arm) {
  if (arm.race) return arm.race->end == RaceEnd::open;
  return int(arm.seeds.size()) + arm.failed < arm.planned;
}

/// Returns the commit that the arm's runs were made from; the last one's where they differ.
std::string commit_of(const Ablation& ablation, const ArmRow& arm) {
  std::string commit;
  for (const RunRow& run : ablation.runs_of(arm.arm))
    if (run.state.record && run.state.record->git && !run.state.record->git->commit.empty())
      commit = run.state.record->git->commit.substr(0, 7) + (run.state.record->git->dirty ? "+" : "");
  return commit;
}

std::string memory_of(const Ablation& ablation, const ArmRow& arm) {
  std::vector<double> peaks = ablation.numbers(arm.arm, kPeakMemoryBytes.name);
  return peaks.empty() ? "" : fixed(*std::max_element(peaks.begin(), peaks.end()) / 1e9, 3);
}

std::string why_crashed(const Ablation& ablation, const ArmRow& arm) {
  for (const RunRow& run : ablation.runs_of(arm.arm))
    if (run.state.status == RunStatus::failed)
      return fmt::format("seed {}: {}", run.run->seed, run.state.reason);
  return "";
}

/// Says what the decision rests on: "-0.01234 [-0.02000, -0.00500], p .0012, 3 seeds", for example.
std::string evidence_for(const Ablation& ablation, const ArmRow& arm) {
  if (arm.failed > 0) return why_crashed(ablation, arm);
  std::string seeds = counted(int64_t(arm.seeds.size()), "seed");
  if (arm.is_baseline) return "baseline, " + seeds;
  // Without a claim the shown interval is that of the test; it holds for all arms at once, as p does.
  const Comparison& c = ablation.plan->claim ? arm.tested : arm.shown;
  int decimals = is_count(ablation.metric) ? 0 : 5;
  std::string text = signed_fixed(c.delta, decimals);
  if (std::isfinite(c.low)) text += " " + interval_text(c.low, c.high);
  double p = arm.race ? c.p : arm.p_adjusted;
  text += arm.is_fact() ? ", a fact" : std::isfinite(p) ? ", p " + p_text(p) : ", not tested";
  return text + ", " + seeds;
}

}  // namespace

std::string_view name_of(Decision decision) {
  switch (decision) {
    case Decision::keep:
      return "keep";
    case Decision::discard:
      return "discard";
    case Decision::crash:
      return "crash";
    case Decision::open:
      break;
  }
  return "";
}

Decision decision_on(const Ablation& ablation, const ArmRow& arm) {
  if (arm.failed > 0) return Decision::crash;
  if (has_runs_to_come(arm) || arm.seeds.empty()) return Decision::open;
  if (arm.is_baseline) return Decision::keep;
  if (!ablation.plan->claim)
    return arm.significant && arm.shown.delta < 0 ? Decision::keep : Decision::discard;
  if (!is_claimed(*ablation.plan, *arm.arm)) return Decision::open;
  return arm.significant ? Decision::keep : Decision::discard;
}

std::vector<Column<ArmRow>> decision_columns(const Ablation& a) {
  const Metric* metric = find_metric(a.metric);
  int decimals = metric ? metric->decimals : kBpb.decimals;
  std::vector<Column<ArmRow>> columns;
  auto add = [&](std::string name, const char* help, std::function<std::string(const ArmRow&)> cell) {
    columns.push_back({std::move(name), help, std::move(cell)});
  };
  add("commit", "first 7 digits of the source's commit, and a + where the source differed from it",
      [&a](const ArmRow& arm) { return commit_of(a, arm); });
  add(a.metric, "mean over seeds of the metric that is tested",
      [decimals](const ArmRow& arm) { return fixed(arm.metric.mean, decimals); });
  add("memory_gb", "most memory that a run of the arm took, in 10^9 bytes",
      [&a](const ArmRow& arm) { return memory_of(a, arm); });
  add("status", "what the test decides: keep, discard or crash",
      [&a](const ArmRow& arm) { return std::string(name_of(decision_on(a, arm))); });
  add("description", "sweep, arm, and what the decision rests on", [&a](const ArmRow& arm) {
    return fmt::format("{}: {}: {}", a.plan->name, arm.arm->label, evidence_for(a, arm));
  });
  return columns;
}

TextTable decisions_table(const Ablation& ablation) {
  std::vector<ArmRow> decided;
  for (const ArmRow& arm : ablation.arms)
    if (decision_on(ablation, arm) != Decision::open) decided.push_back(arm);
  return table_of(decision_columns(ablation), decided);
}

}  // namespace caddie
