// SPDX-License-Identifier: Apache-2.0
// The axes vary together: the first arm has the first level of each, and so on.
#include <caddie/error.h>

#include "base/exit_code.h"
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

class Zip final : public SweepDesign {
  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    std::vector<Levels> arms;
    for (size_t level = 0; level < factors[0].levels.size(); ++level)
      arms.push_back(Levels(factors.size(), level));
    for (const Factor& factor : factors)
      if (factor.levels.size() != arms.size())
        fail_usage("'{}' has {} levels, '{}' has {}; they vary together", factor.name, factor.levels.size(),
                   factors[0].name, arms.size());
    return arms;
  }
};

}  // namespace

std::unique_ptr<SweepDesign> zip() { return std::make_unique<Zip>(); }

}  // namespace caddie::designs
