// SPDX-License-Identifier: Apache-2.0
// Each arm changes one thing more than the arm before it.
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

class Stack final : public SweepDesign {
  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    std::vector<Levels> arms;
    Levels levels = baseline_levels(factors);
    for (size_t f = 0; f < factors.size(); ++f) {
      levels[f] = other_level(factors[f]);
      arms.push_back(levels);
    }
    return arms;
  }
};

}  // namespace

std::unique_ptr<SweepDesign> stack() { return std::make_unique<Stack>(); }

}  // namespace caddie::designs
