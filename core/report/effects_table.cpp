// SPDX-License-Identifier: Apache-2.0
// Effects are shown as a table for people, and by one list of columns as a table and as JSON for machines.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/ablation.h"
#include "report/cells.h"
#include "report/columns.h"
#include "report/effects.h"
#include "results/metrics.h"

namespace caddie {
namespace {

std::string number(double value, const char* format) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : std::string();
}

/// Returns a column whose cells have all decimals, however small the number is.
Column<Effect> decimals_column(const char* name, int decimals, const char* help, double Effect::*member) {
  return {name, help, [=](const Effect& effect) { return fixed(effect.*member, decimals); },
          [=](const Effect& effect) { return number_or_null(effect.*member); }};
}

/// Returns the columns of effects.csv and of an effect in JSON.
std::vector<Column<Effect>> effect_columns() {
  return {{"effect", "the factor, the level against the baseline's, or the pair of factors",
           [](const Effect& effect) { return effect.name; }},
          decimals_column(kBpb.name, 8, "the change of val_bpb", &Effect::size),
          decimals_column("se", 8, "the standard error of the change", &Effect::standard_error),
          decimals_column("ci_lo", 8, "the lower end of its 95% interval", &Effect::low),
          decimals_column("ci_hi", 8, "the upper end of its 95% interval", &Effect::high),
          decimals_column("f", 4, "the F of a pair with more than two levels", &Effect::f),
          {"contrasts", "the degrees of freedom of F's numerator",
           [](const Effect& effect) { return effect.contrasts > 0 ? std::to_string(effect.contrasts) : ""; },
           [](const Effect& effect) { return Json(effect.contrasts); }},
          decimals_column("p", 8, "the p of the change or of F", &Effect::p),
          {"unknown", "why there is no number, or which are missing",
           [](const Effect& effect) { return effect.unknown; }}};
}

}  // namespace

TextTable effects_table(const Ablation& ablation) {
  const std::vector<Effect>& all = ablation.effects;
  bool intervals = std::any_of(all.begin(), all.end(), [](const Effect& e) { return std::isfinite(e.low); });
  bool tests = std::any_of(all.begin(), all.end(), [](const Effect& e) { return std::isfinite(e.f); });
  TextTable table{{"effect", kBpb.name, "SE"}, {}, "lrr"};
  auto add_column = [&](const char* name, const char* alignment) {
    table.head.emplace_back(name);
    table.left += alignment;
  };
  if (intervals) add_column("95% CI", "r");
  if (tests) add_column("F", "r");
  add_column("p", "r");
  add_column("", "l");
  for (const Effect& effect : all) {
    std::vector<std::string>& row = table.rows.emplace_back();
    row = {effect.name, number(effect.size, "{:+.5f}"), number(effect.standard_error, "{:.5f}")};
    if (intervals) row.push_back(interval_text(effect.low, effect.high));
    if (tests) row.push_back(number(effect.f, "{:.2f}"));
    row.push_back(number(effect.p, "{:.4f}"));
    row.push_back(effect.unknown);
  }
  return table;
}

TextTable effects_data(const Ablation& ablation) { return table_of(effect_columns(), ablation.effects); }

Json effects_json(const Ablation& ablation) { return json_of(effect_columns(), ablation.effects); }

}  // namespace caddie
