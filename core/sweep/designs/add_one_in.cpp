// SPDX-License-Identifier: Apache-2.0
// The base stays as it is, and each arm changes one thing in it.
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

class AddOneIn final : public SweepDesign {
  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    return one_factor_at_a_time(factors);
  }
};

}  // namespace

std::unique_ptr<SweepDesign> add_one_in() { return std::make_unique<AddOneIn>(); }

}  // namespace caddie::designs
