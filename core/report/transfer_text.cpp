// SPDX-License-Identifier: Apache-2.0
// A transfer is written as a table with what follows from it, or as JSON whose names stay.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "report/cells.h"
#include "report/table.h"
#include "report/transfer.h"

namespace caddie {
namespace {

std::vector<std::string> cells_of(const ArmInSweep& arm) {
  const Comparison& c = arm.against_baseline;
  return {std::to_string(arm.sample.n), fixed(arm.sample.mean, 5), signed_fixed(c.delta, 5),
          interval_text(c.low, c.high), p_text(c.p)};
}

TextTable table_of_arms(const Transfer& transfer) {
  TextTable table{{"arm", "n", "small", "delta", "95% CI", "p", "n", "big", "delta", "95% CI", "p", ""},
                  {},
                  "lrrrrrrrrrrl"};
  for (const TransferredArm& arm : transfer.arms) {
    std::vector<std::string> row = {arm.label};
    for (const ArmInSweep* side : {&arm.small, &arm.big})
      for (std::string& cell : cells_of(*side)) row.push_back(std::move(cell));
    row.emplace_back(arm.flips ? "flips" : "");
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string agreement_text(const Transfer& transfer) {
  if (!std::isfinite(transfer.tau)) return "rank agreement: unknown: a sweep has all arms alike\n";
  return fmt::format(
      "rank agreement: Kendall's tau-b {:.3f} over {} arms, {:.3f} to {:.3f} for their true means with {:g}% "
      "confidence; p {} where ranks have nothing in common\n"
      "  {} of {} pairs of arms are settled in both sweeps; the others may agree or not, so more seeds "
      "narrow "
      "the interval\n",
      transfer.tau, transfer.arms.size(), transfer.truth.interval.low, transfer.truth.interval.high,
      100 * Transfer::kConfidence, p_text(transfer.p), transfer.truth.settled, transfer.pairs);
}

std::string flips_text(const Transfer& transfer) {
  std::string text;
  for (const TransferredArm& arm : transfer.arms)
    if (arm.flips)
      text += fmt::format("sign flips: {}: {} in the small sweep, {} in the big; {}\n", printable(arm.label),
                          signed_fixed(arm.small.against_baseline.delta, 5),
                          signed_fixed(arm.big.against_baseline.delta, 5),
                          std::isfinite(arm.p_flip)
                              ? "p " + p_text(arm.p_flip) + " where nothing flips, adjusted for all arms"
                              : "no p, as the noise is unknown");
  return text.empty() ? "sign flips: none\n" : text;
}

std::string lines(const char* title, const std::vector<std::string>& all) {
  constexpr size_t kShown = 12;
  std::string text;
  for (size_t i = 0; i < std::min(kShown, all.size()); ++i)
    text += fmt::format("{}: {}\n", title, printable(all[i]));
  if (all.size() > kShown) text += fmt::format("{}: {} more; --json has them\n", title, all.size() - kShown);
  return text;
}

std::vector<std::string> left_out_lines(const std::vector<ArmLeftOut>& arms, const char* what) {
  std::vector<std::string> all;
  for (const ArmLeftOut& arm : arms) all.push_back(fmt::format("{}: {}{}", arm.label, what, arm.reason));
  return all;
}

Json json_of_side(const ArmInSweep& arm) {
  const Comparison& c = arm.against_baseline;
  return {{"n", arm.sample.n},
          {"mean", number_or_null(arm.sample.mean)},
          {"sd", number_or_null(arm.sample.sd)},
          {"delta", number_or_null(c.delta)},
          {"low", number_or_null(c.low)},
          {"high", number_or_null(c.high)},
          {"test", c.test},
          {"df", number_or_null(c.df)},
          {"p", number_or_null(c.p)}};
}

Json json_of_left_out(const std::vector<ArmLeftOut>& arms) {
  Json json = Json::array();
  for (const ArmLeftOut& arm : arms) json.push_back({{"arm", arm.label}, {"reason", arm.reason}});
  return json;
}

}  // namespace

std::string text_of(const Transfer& transfer) {
  return fmt::format("{} against '{}'; CI and p of each arm alone\n\n{}\n", transfer.metric,
                     printable(transfer.baseline), table_of_arms(transfer).terminal()) +
         agreement_text(transfer) + flips_text(transfer) +
         lines("refused", left_out_lines(transfer.refused, "never acted in the small sweep: ")) +
         lines("unmatched", left_out_lines(transfer.unmatched, "")) + lines("differs", transfer.changed) +
         lines("note", transfer.notes);
}

Json json_of(const Transfer& transfer) {
  Json arms = Json::array();
  for (const TransferredArm& arm : transfer.arms)
    arms.push_back({{"arm", arm.label},
                    {"small", json_of_side(arm.small)},
                    {"big", json_of_side(arm.big)},
                    {"flips", arm.flips},
                    {"p_flip", number_or_null(arm.p_flip)}});
  return {{"metric", transfer.metric},
          {"baseline", transfer.baseline},
          {"tau_b", number_or_null(transfer.tau)},
          {"tau_low", number_or_null(transfer.truth.interval.low)},
          {"tau_high", number_or_null(transfer.truth.interval.high)},
          {"confidence", Transfer::kConfidence},
          {"p", number_or_null(transfer.p)},
          {"pairs", transfer.pairs},
          {"settled", transfer.truth.settled},
          {"arms", arms},
          {"refused", json_of_left_out(transfer.refused)},
          {"unmatched", json_of_left_out(transfer.unmatched)},
          {"changed", transfer.changed},
          {"notes", transfer.notes}};
}

}  // namespace caddie
