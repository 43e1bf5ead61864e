// SPDX-License-Identifier: Apache-2.0
// Every toggle is on, and each arm takes one of them away.
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

class LeaveOneOut final : public SweepDesign {
  size_t baseline_of(const Factor& factor) const override { return factor.toggle ? 1 : factor.baseline; }

  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    return one_factor_at_a_time(factors);
  }
};

}  // namespace

std::unique_ptr<SweepDesign> leave_one_out() { return std::make_unique<LeaveOneOut>(); }

}  // namespace caddie::designs
