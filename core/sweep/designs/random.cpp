// SPDX-License-Identifier: Apache-2.0
// The arms are a random sample of the combinations of levels.
#include <caddie/error.h>

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "sweep/designs/design.h"

namespace caddie::designs {
namespace {

/// Draws arms without replacement, and never the baseline. The draws follow a hash of the seed and their
/// number, so that they are the same on every machine.
class Random final : public SweepDesign {
  void settings(Settings& s) override {
    s("samples", samples_, "arms to draw", between(1, 100000));
    s("seed", seed_, "seed of the draw", at_least(0));
  }

  bool has_effects() const override { return true; }

  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    double all = 1;
    for (const Factor& factor : factors) all *= double(factor.levels.size());
    auto wanted = size_t(std::min(double(samples_), all - 1));
    std::set<Levels> seen = {baseline_levels(factors)};
    std::vector<Levels> arms;
    for (int64_t draw = 0; arms.size() < wanted; ++draw) {
      Levels arm;
      for (const Factor& factor : factors) {
        std::string digits = sha256(message("{} {} {}", {seed_, draw, factor.name})).substr(0, 12);
        arm.push_back(size_t(std::stoull(digits, nullptr, 16) % factor.levels.size()));
      }
      if (seen.insert(arm).second) arms.push_back(std::move(arm));
    }
    return arms;
  }

  int64_t samples_ = 16;
  int64_t seed_ = 0;
};

}  // namespace

std::unique_ptr<SweepDesign> random() { return std::make_unique<Random>(); }

}  // namespace caddie::designs
