// SPDX-License-Identifier: Apache-2.0
// These choices of levels are shared by several designs.
#include "sweep/factor.h"

#include <caddie/error.h>

#include "base/exit_code.h"

namespace caddie {

Levels baseline_levels(std::span<const Factor> factors) {
  Levels levels;
  for (const Factor& factor : factors) levels.push_back(factor.baseline);
  return levels;
}

size_t other_level(const Factor& factor) {
  if (factor.levels.size() != 2)
    fail_usage("'{}' has {} levels; this design wants two", factor.name, factor.levels.size());
  return 1 - factor.baseline;
}

std::vector<Levels> one_factor_at_a_time(std::span<const Factor> factors) {
  std::vector<Levels> arms;
  for (size_t f = 0; f < factors.size(); ++f)
    for (size_t level = 0; level < factors[f].levels.size(); ++level) {
      if (level == factors[f].baseline) continue;
      arms.push_back(baseline_levels(factors));
      arms.back()[f] = level;
    }
  return arms;
}

}  // namespace caddie
