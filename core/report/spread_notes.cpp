// SPDX-License-Identifier: Apache-2.0
// The same words are said below a table and behind a test of two arms.
#include "report/spread_notes.h"

#include <fmt/format.h>

#include "base/text.h"
#include "report/cells.h"

namespace caddie {

std::string note_on_spreads(const Ablation& ablation, std::string_view metric) {
  constexpr int kDecimals = 5;
  if (!ablation.spreads_differ_in(metric)) return "";
  std::string loud, quiet;
  double most = 0, least = 0;
  for (const ArmRow& arm : ablation.arms) {
    Sample sample = summarize(ablation.numbers(arm.arm, metric));
    if (sample.n < 2) continue;
    if (loud.empty() || sample.sd > most) loud = arm.arm->label, most = sample.sd;
    if (quiet.empty() || sample.sd < least) quiet = arm.arm->label, least = sample.sd;
  }
  return fmt::format(
      "SDs differ: {} in {}, {} in {}; a pooled SD hides what quiet arms show and makes too much of loud "
      "ones",
      rounded(most, kDecimals), loud, rounded(least, kDecimals), quiet);
}

std::string note_on_alike(const std::vector<std::string>& labels, std::string_view metric) {
  if (labels.empty()) return "";
  return fmt::format("alike: {}: one {} at all seeds, so p rests on the spread of other arms alone",
                     join(labels, ", "), metric);
}

bool is_alike(const Sample& sample) { return sample.n > 1 && sample.sd == 0; }

}  // namespace caddie
