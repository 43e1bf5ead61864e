// SPDX-License-Identifier: Apache-2.0
// The axes multiply: every combination of levels is an arm.
#include <caddie/error.h>

#include "base/exit_code.h"
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

constexpr size_t kMostArms = 100000;

/// Multiplies the axes. The first axis varies fastest, each from its baseline level on: arms stand in the
/// order of what they add.
class Grid final : public SweepDesign {
  bool needs_factors() const override { return false; }
  bool has_effects() const override { return true; }

  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    std::vector<Levels> arms = {{}};
    for (const Factor& factor : factors) {
      std::vector<Levels> longer;
      for (size_t step = 0; step < factor.levels.size(); ++step) {
        size_t level = step == 0 ? factor.baseline : step <= factor.baseline ? step - 1 : step;
        for (const Levels& arm : arms) {
          longer.push_back(arm);
          longer.back().push_back(level);
        }
      }
      if (longer.size() > kMostArms) fail_usage("the axes multiply to more than {} arms", kMostArms);
      arms = std::move(longer);
    }
    return arms;
  }
};

}  // namespace

std::unique_ptr<SweepDesign> grid() { return std::make_unique<Grid>(); }

}  // namespace caddie::designs
