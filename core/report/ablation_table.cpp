// SPDX-License-Identifier: Apache-2.0
// One row an arm: ablation.csv for machines, and the readable table.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/text.h"
#include "report/cells.h"
#include "report/files.h"
#include "results/metrics.h"

namespace caddie {

TextTable ablation_table(const Ablation& ablation) {
  TextTable table{{"sweep",
                   "arm",
                   "kind",
                   "baseline",
                   "n",
                   "seeds",
                   kBpb.name + std::string("_mean"),
                   kBpb.name + std::string("_std"),
                   kBpb.name + std::string("_sem"),
                   "delta",
                   "delta_ci_lo",
                   "delta_ci_hi",
                   "delta_nats",
                   "margin_nats",
                   "test",
                   "df",
                   "t",
                   "p",
                   "p_adj",
                   "significant",
                   "paired",
                   "delta_at_time",
                   "delta_bytes",
                   "delta_step_ms",
                   "effect_check",
                   "race",
                   "race_seeds",
                   "planned",
                   "failed",
                   kArtifactBytes.name,
                   "step_ms",
                   "metric",
                   "metric_mean",
                   "tested_delta",
                   "tested_lo",
                   "tested_hi"},
                  {}};
  const std::optional<SweepClaim>& claim = ablation.plan->claim;
  for (const ArmRow& arm : ablation.arms) {
    std::vector<std::string> seeds;
    for (int64_t seed : arm.seeds) seeds.push_back(std::to_string(seed));
    bool tested = std::isfinite(arm.tested.p);
    table.rows.push_back({ablation.plan->name,
                          arm.arm->label,
                          arm.arm->kind,
                          ablation.baseline,
                          std::to_string(arm.bpb.n),
                          join(seeds, " "),
                          fixed(arm.bpb.mean, 8),
                          fixed(arm.bpb.sd, 8),
                          fixed(arm.bpb.sem(), 8),
                          fixed(arm.shown.delta, 8),
                          fixed(arm.shown.low, 8),
                          fixed(arm.shown.high, 8),
                          fixed(arm.delta_nats, 8),
                          claim && claim->margin_nats > 0 ? fmt::format("{:g}", claim->margin_nats) : "",
                          tested ? arm.tested.test : "",
                          fixed(arm.tested.df, 2),
                          fixed(arm.tested.t, 4),
                          fixed(arm.tested.p, 8),
                          fixed(arm.p_adjusted, 8),
                          tested ? switch_text(arm.significant) : "",
                          tested ? switch_text(arm.tested.test.starts_with("paired")) : "",
                          fixed(arm.delta_at_time, 8),
                          fixed(arm.delta_bytes, 0),
                          fixed(arm.delta_step_ms, 3),
                          arm.effect_check,
                          arm.race ? std::string(name_of(arm.race->end)) : "",
                          arm.race ? std::to_string(arm.race->seeds) : "",
                          std::to_string(arm.planned),
                          std::to_string(arm.failed),
                          fixed(arm.bytes, 0),
                          fixed(arm.step_ms, 3),
                          ablation.metric,
                          fixed(arm.metric.mean, 8),
                          fixed(arm.tested.delta, 8),
                          fixed(arm.tested.low, 8),
                          fixed(arm.tested.high, 8)});
  }
  return table;
}

TextTable readable_table(const Ablation& ablation) {
  struct Column {
    std::string name;
    std::function<std::string(const ArmRow&)> cell;
  };
  std::vector<Column> columns = {
      {"arm", [](const ArmRow& arm) { return arm.arm->label; }},
      {"n",
       [](const ArmRow& arm) {
         return std::to_string(arm.bpb.n) +
                (arm.bpb.n < arm.planned ? "/" + std::to_string(arm.planned) : "");
       }},
      {kBpb.name, [](const ArmRow& arm) { return fixed(arm.bpb.mean, 5); }},
      {"sd", [](const ArmRow& arm) { return fixed(arm.bpb.sd, 5); }},
      {"delta", [](const ArmRow& arm) { return signed_fixed(arm.shown.delta, 5); }},
      {fmt::format("{:g}% CI", 100 * ablation.confidence),
       [](const ArmRow& arm) { return interval_text(arm.shown.low, arm.shown.high); }}};
  // What p is about, where that is neither val_bpb nor the nats that are shown anyway.
  if (ablation.metric != kBpb.name && ablation.metric != kLossNats.name)
    columns.insert(
        columns.end(),
        {{ablation.metric, [](const ArmRow& arm) { return fixed(arm.metric.mean, 5); }},
         {"delta " + ablation.metric, [](const ArmRow& arm) { return signed_fixed(arm.tested.delta, 5); }}});
  columns.insert(columns.end(),
                 {{"p",
                   [](const ArmRow& arm) {
                     return p_text(arm.race ? arm.tested.p : arm.p_adjusted) + (arm.significant ? "*" : "");
                   }},
                  {"outcome",
                   [](const ArmRow& arm) {
                     return arm.race ? fmt::format("{} at {}", name_of(arm.race->end), arm.race->seeds) : "";
                   }},
                  {"nats", [](const ArmRow& arm) { return signed_fixed(arm.delta_nats, 5); }},
                  {"at equal time", [](const ArmRow& arm) { return signed_fixed(arm.delta_at_time, 5); }},
                  {"bytes",
                   [](const ArmRow& arm) {
                     return std::isfinite(arm.bytes) ? with_commas(int64_t(std::llround(arm.bytes))) : "";
                   }},
                  {"delta bytes", [](const ArmRow& arm) { return signed_commas(arm.delta_bytes); }},
                  {"ms/step", [](const ArmRow& arm) { return fixed(arm.step_ms, 1); }}});
  TextTable table{{}, std::vector<std::vector<std::string>>(ablation.arms.size()), "l"};
  for (const Column& column : columns) {
    std::vector<std::string> cells;
    for (const ArmRow& arm : ablation.arms) cells.push_back(column.cell(arm));
    bool optional = column.name == "outcome" || column.name == "nats" || column.name == "at equal time";
    bool empty =
        std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); });
    if (optional && empty) continue;
    table.head.push_back(column.name);
    for (size_t row = 0; row < cells.size(); ++row) table.rows[row].push_back(cells[row]);
  }
  return table;
}

}  // namespace caddie
