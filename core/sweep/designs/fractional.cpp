// SPDX-License-Identifier: Apache-2.0
// The arms are a fraction of the grid of two-level factors whose resolution says which effects can be told
// apart.
#include "sweep/designs/design.h"
#include "sweep/fraction.h"

namespace caddie::designs {
namespace {

class Fractional final : public SweepDesign {
  void settings(Settings& s) override {
    s("arms", arms_, "number of arms, a power of two; 0: the fewest that keep the resolution",
      between(0, 1024));
    s("resolution", resolution_, "3 keeps main effects apart, 4 also from pairs, 5 pairs from pairs",
      between(3, 5));
  }

  bool has_effects() const override { return true; }

  std::vector<Levels> arms(std::span<const Factor> factors) const override {
    std::vector<Levels> arms = fraction_of(factors).rows;
    for (Levels& arm : arms)
      for (size_t f = 0; f < arm.size(); ++f) arm[f] = arm[f] ? other_level(factors[f]) : factors[f].baseline;
    return arms;
  }

  std::vector<std::string> aliases(std::span<const Factor> factors) const override {
    std::vector<std::string> names;
    for (const Factor& factor : factors) names.push_back(factor.name);
    return caddie::aliases(fraction_of(factors), names);
  }

  Fraction fraction_of(std::span<const Factor> factors) const {
    return fraction(factors.size(), size_t(arms_), int(resolution_));
  }

  int64_t arms_ = 0;
  int64_t resolution_ = 4;
};

}  // namespace

std::unique_ptr<SweepDesign> fractional() { return std::make_unique<Fractional>(); }

}  // namespace caddie::designs
