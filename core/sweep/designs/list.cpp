// SPDX-License-Identifier: Apache-2.0
// The arms are the points that the sweep file writes out.
#include <caddie/error.h>

#include "base/exit_code.h"
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

class List final : public SweepDesign {
  bool needs_factors() const override { return false; }

  std::vector<Levels> arms(std::span<const Factor>) const override {
    fail_usage("a list has points and no axes; choose another kind");
  }
};

}  // namespace

std::unique_ptr<SweepDesign> list() { return std::make_unique<List>(); }

}  // namespace caddie::designs
