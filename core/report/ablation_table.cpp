// SPDX-License-Identifier: Apache-2.0
// The columns of the tables with one row for each arm stand here: ablation.csv and JSON for machines, and the
// readable table for people.
#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/json.h"
#include "base/text.h"
#include "report/cells.h"
#include "report/columns.h"
#include "report/decisions.h"
#include "report/sweep_tables.h"
#include "results/metrics.h"

namespace caddie {
namespace {

using ArmColumn = Column<ArmRow>;

ArmColumn text(std::string name, std::string help, std::function<std::string(const ArmRow&)> cell) {
  return {std::move(name), std::move(help), std::move(cell)};
}

template <class Get>
ArmColumn number(std::string name, int decimals, std::string help, Get get) {
  return number_column<ArmRow>(std::move(name), decimals, std::move(help), get);
}

template <class Get>
ArmColumn count(std::string name, std::string help, Get get) {
  return {std::move(name), std::move(help), [=](const ArmRow& arm) { return std::to_string(get(arm)); },
          [=](const ArmRow& arm) { return Json(get(arm)); }};
}

/// Makes a column of yes or no, whose cell is empty where the arm was not tested.
template <class Get>
ArmColumn verdict(std::string name, std::string help, Get get) {
  return {std::move(name), std::move(help),
          [=](const ArmRow& arm) { return arm.is_tested() ? switch_text(get(arm)) : ""; },
          [=](const ArmRow& arm) { return Json(get(arm)); }};
}

std::string seeds_text(const ArmRow& arm) {
  std::vector<std::string> seeds;
  for (int64_t seed : arm.seeds) seeds.push_back(std::to_string(seed));
  return join(seeds, " ");
}

/// Returns the name of a column that summarizes the score: "val_bpb_mean".
std::string of_score(const char* what) { return kBpb.name + std::string("_") + what; }

std::vector<ArmColumn> identity_columns(const Ablation& a) {
  return {
      text("sweep", "name of the sweep", [&a](const ArmRow&) { return a.plan->name; }),
      text("arm", "label of the arm", [](const ArmRow& arm) { return arm.arm->label; }),
      text("kind", "how the design came to it: baseline, or the design's kind",
           [](const ArmRow& arm) { return arm.arm->kind; }),
      text("baseline", "label of the arm that it is compared with",
           [&a](const ArmRow&) { return a.baseline; }),
      count("n", "finished runs", [](const ArmRow& arm) { return arm.bpb.n; }),
      {"seeds", "seeds of the finished runs", seeds_text, [](const ArmRow& arm) { return Json(arm.seeds); }},
      number(of_score("mean"), 8, "mean over seeds, bits per byte; lower is better",
             [](const ArmRow& arm) { return arm.bpb.mean; }),
      number(of_score("std"), 8, "standard deviation from seed to seed, of a sample (n - 1)",
             [](const ArmRow& arm) { return arm.bpb.sd; }),
      number(of_score("sem"), 8, "standard error of the mean: the deviation over the root of n",
             [](const ArmRow& arm) { return arm.bpb.sem(); })};
}

std::vector<ArmColumn> difference_columns(const Ablation& a) {
  return {
      number("delta", 8, "difference from the baseline's mean, bits per byte; below 0 is better",
             [](const ArmRow& arm) { return arm.shown.delta; }),
      number("delta_ci_lo", 8, "lower end of the interval of delta",
             [](const ArmRow& arm) { return arm.shown.low; }),
      number("delta_ci_hi", 8, "upper end of the interval of delta",
             [](const ArmRow& arm) { return arm.shown.high; }),
      number("delta_nats", 8, "the same difference as measured in nats per token, never converted",
             [](const ArmRow& arm) { return arm.delta_nats; }),
      text("margin_nats", "what the claim wants it to be better by, in nats per token", [&a](const ArmRow&) {
        const std::optional<SweepClaim>& claim = a.plan->claim;
        return claim && claim->margin_nats > 0 ? fmt::format("{:g}", claim->margin_nats) : "";
      })};
}

std::vector<ArmColumn> test_columns() {
  return {{"test",
           "test that p is of: pooled, welch, one_sample, paired_checkpoint or paired_seed; fact for a count "
           "that no seed changes, which needs none",
           [](const ArmRow& arm) { return arm.is_tested() ? arm.tested.test : ""; },
           [](const ArmRow& arm) { return Json(arm.tested.test); }},
          number("df", 2, "degrees of freedom of the test", [](const ArmRow& arm) { return arm.tested.df; }),
          number("t", 4, "its statistic, of the difference and the margin",
                 [](const ArmRow& arm) { return arm.tested.t; }),
          number("p", 8, "chance of such a difference, or a larger one, where there is none",
                 [](const ArmRow& arm) { return arm.tested.p; }),
          number("p_adj", 8, "p adjusted for all arms that are tested",
                 [](const ArmRow& arm) { return arm.p_adjusted; }),
          verdict("significant", "1 where p_adj is below alpha, or the race has proved the arm",
                  [](const ArmRow& arm) { return arm.significant; }),
          verdict("paired", "1 where runs were compared in pairs",
                  [](const ArmRow& arm) { return arm.tested.test.starts_with("paired"); })};
}

std::vector<ArmColumn> cost_columns() {
  return {
      number("delta_at_time", 8,
             "difference in bits per byte of the raw weights when both have trained for the shorter of the "
             "two times; needs train.validate_every",
             [](const ArmRow& arm) { return arm.delta_at_time; }),
      number("delta_bytes", 0, "difference of artifact_bytes",
             [](const ArmRow& arm) { return arm.delta_bytes; }),
      number("delta_step_ms", 3, "difference of step_ms",
             [](const ArmRow& arm) { return arm.delta_step_ms; }),
      text("effect_check", "the worst that a run says of whether its techniques acted",
           [](const ArmRow& arm) { return arm.effect_check; })};
}

std::vector<ArmColumn> standing_columns() {
  return {text("race", "how the arm stands in the race",
               [](const ArmRow& arm) { return arm.race ? std::string(name_of(arm.race->end)) : ""; }),
          text("race_seeds", "seeds at the race's last look at it",
               [](const ArmRow& arm) { return arm.race ? std::to_string(arm.race->seeds) : ""; }),
          count("planned", "runs that the plan has for it", [](const ArmRow& arm) { return arm.planned; }),
          count("failed", "runs that failed", [](const ArmRow& arm) { return arm.failed; })};
}

std::vector<ArmColumn> mean_columns(const Ablation& a) {
  return {
      number(kArtifactBytes.name, kArtifactBytes.decimals, std::string("mean; ") + kArtifactBytes.help,
             [](const ArmRow& arm) { return arm.bytes; }),
      number("step_ms", kStepMs.decimals, fmt::format("mean of {}, {}", kStepMs.name, kStepMs.unit),
             [](const ArmRow& arm) { return arm.step_ms; }),
      text("metric", "metric that is tested", [&a](const ArmRow&) { return a.metric; }),
      number("metric_mean", 8, "its mean over seeds", [](const ArmRow& arm) { return arm.metric.mean; }),
      number("tested_delta", 8, "difference that is tested, in the unit of that metric",
             [](const ArmRow& arm) { return arm.tested.delta; }),
      number("tested_lo", 8, "lower end of its interval", [](const ArmRow& arm) { return arm.tested.low; }),
      number("tested_hi", 8, "upper end of its interval", [](const ArmRow& arm) { return arm.tested.high; }),
      number("welch_df", 2, "degrees of freedom of Welch's test, beside a pooled one where SDs differ",
             [](const ArmRow& arm) { return arm.welch ? arm.welch->df : kUnknown; }),
      number("welch_p_adj", 8, "p of Welch's test, adjusted by Holm",
             [](const ArmRow& arm) { return arm.welch ? arm.welch->p : kUnknown; }),
      text("status", "what the test decides: keep, discard or crash, as in results.tsv; empty while open",
           [&a](const ArmRow& arm) { return std::string(name_of(decision_on(a, arm))); })};
}

/// Returns columns of the tested metric, unless that is the score or the nats, which are shown anyway.
std::vector<ArmColumn> tested_metric_columns(const std::string& metric) {
  if (metric == kBpb.name || metric == kLossNats.name) return {};
  bool count = is_count(metric);
  return {text(metric, "mean of the metric that is tested",
               [count](const ArmRow& arm) {
                 return count ? commas(arm.metric.mean) : fixed(arm.metric.mean, 5);
               }),
          text("delta " + metric, "its difference from the baseline", [count](const ArmRow& arm) {
            return count ? signed_commas(arm.tested.delta) : signed_fixed(arm.tested.delta, 5);
          })};
}

std::vector<ArmColumn> readable_score_columns(const Ablation& a) {
  return {text("arm", "label of the arm", [](const ArmRow& arm) { return arm.arm->label; }),
          text("n", "finished runs, of as many as are planned",
               [](const ArmRow& arm) {
                 return std::to_string(arm.bpb.n) +
                        (arm.bpb.n < arm.planned ? "/" + std::to_string(arm.planned) : "");
               }),
          text(a.score, "mean over seeds", [](const ArmRow& arm) { return fixed(arm.bpb.mean, 5); }),
          text("sd", "standard deviation from seed to seed",
               [](const ArmRow& arm) { return fixed(arm.bpb.sd, 5); }),
          text("delta", "difference from the baseline's mean, bits per byte; below 0 is better",
               [](const ArmRow& arm) { return signed_fixed(arm.shown.delta, 5); }),
          text(fmt::format("{:g}% CI", 100 * a.confidence), "confidence interval of delta",
               [](const ArmRow& arm) { return interval_text(arm.shown.low, arm.shown.high); })};
}

std::vector<ArmColumn> readable_outcome_columns() {
  auto where_filled = [](ArmColumn column) {
    column.only_where_filled = true;
    return column;
  };
  return {
      text("p", "p adjusted for all arms, in a race that of the last look; * where significant",
           [](const ArmRow& arm) {
             std::string text = arm.is_fact() ? kFact : p_text(arm.race ? arm.tested.p : arm.p_adjusted);
             return text + (arm.significant ? "*" : "");
           }),
      where_filled(
          text("df", "degrees of freedom of Welch's test",
               [](const ArmRow& arm) { return arm.tested.test == "welch" ? fixed(arm.tested.df, 1) : ""; })),
      where_filled(text("welch p",
                        "p of Welch's test, with each arm's own SD, adjusted by Holm; shown where SDs differ",
                        [](const ArmRow& arm) {
                          return arm.welch && std::isfinite(arm.welch->p)
                                     ? fmt::format("{} (df {:.1f})", p_text(arm.welch->p), arm.welch->df)
                                     : "";
                        })),
      where_filled(text("outcome", "how the arm stands in the race, at how many seeds",
                        [](const ArmRow& arm) {
                          return arm.race ? fmt::format("{} at {}", name_of(arm.race->end), arm.race->seeds)
                                          : "";
                        })),
      where_filled(text("nats", "difference in nats per token",
                        [](const ArmRow& arm) { return signed_fixed(arm.delta_nats, 5); })),
      where_filled(text("at equal time", "difference when both have trained for the shorter of the two times",
                        [](const ArmRow& arm) { return signed_fixed(arm.delta_at_time, 5); })),
      text("bytes", "mean of artifact_bytes", [](const ArmRow& arm) { return commas(arm.bytes); }),
      text("delta bytes", "its difference from the baseline",
           [](const ArmRow& arm) { return signed_commas(arm.delta_bytes); }),
      text("ms/step", "mean of step_avg_ms", [](const ArmRow& arm) { return fixed(arm.step_ms, 1); })};
}

std::vector<ArmColumn> joined(std::initializer_list<std::vector<ArmColumn>> groups) {
  std::vector<ArmColumn> all;
  for (const std::vector<ArmColumn>& group : groups) all.insert(all.end(), group.begin(), group.end());
  return all;
}

/// Returns the columns of ablation.csv that an arm has in JSON too, in their order there.
std::vector<std::string> names_in_json() {
  return {"arm",
          "kind",
          "n",
          "seeds",
          "planned",
          "failed",
          of_score("mean"),
          of_score("std"),
          of_score("sem"),
          "delta",
          "delta_ci_lo",
          "delta_ci_hi",
          "delta_nats",
          "metric_mean",
          "tested_delta",
          "tested_lo",
          "tested_hi",
          "welch_df",
          "welch_p_adj",
          "test",
          "df",
          "t",
          "p",
          "p_adj",
          "significant",
          "paired",
          "delta_at_time",
          kArtifactBytes.name,
          "delta_bytes",
          "step_ms",
          "delta_step_ms",
          "effect_check",
          "status"};
}

}  // namespace

std::vector<ArmColumn> arm_columns(const Ablation& ablation) {
  return joined({identity_columns(ablation), difference_columns(ablation), test_columns(), cost_columns(),
                 standing_columns(), mean_columns(ablation)});
}

std::vector<ArmColumn> readable_columns(const Ablation& ablation) {
  return joined(
      {readable_score_columns(ablation), tested_metric_columns(ablation.metric), readable_outcome_columns()});
}

TextTable ablation_table(const Ablation& ablation) { return table_of(arm_columns(ablation), ablation.arms); }

TextTable readable_table(const Ablation& ablation) {
  TextTable table = table_of(readable_columns(ablation), ablation.arms);
  table.left = "l";
  return table;
}

Json arms_json(const Ablation& ablation) {
  std::vector<ArmColumn> columns = arm_columns(ablation), shown;
  for (const std::string& name : names_in_json())
    shown.push_back(*std::find_if(columns.begin(), columns.end(),
                                  [&](const ArmColumn& column) { return column.name == name; }));
  Json arms = Json::array();
  for (const ArmRow& arm : ablation.arms) {
    Json& json = arms.emplace_back(Json::object());
    for (const ArmColumn& column : shown) {
      json[column.name] = column.value ? column.value(arm) : Json(column.cell(arm));
      if (column.name == "kind") json["is_baseline"] = arm.is_baseline;
    }
    if (arm.race) json["race"] = {{"end", name_of(arm.race->end)}, {"seeds", arm.race->seeds}};
  }
  return arms;
}

}  // namespace caddie
