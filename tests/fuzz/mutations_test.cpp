// SPDX-License-Identifier: Apache-2.0
// Every fuzz target on its seeds and on mutations of them, which are the same in every run.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "fuzz/mutations.h"
#include "fuzz/target.h"

using namespace caddie;
using namespace caddie::fuzz;

TEST_CASE("readers take their seeds and survive mutations of them", "[fuzz]") {
  constexpr uint64_t kTrials = 3000;
  REQUIRE(targets().size() >= 12);
  for (const Target& target : targets()) {
    DYNAMIC_SECTION(target.name) {
      std::vector<std::string> seeds = target.seeds();
      CHECK_FALSE(seeds.empty());
      for (const std::string& seed : seeds) target.run(seed);
      for (uint64_t trial = 0; trial < kTrials; ++trial) {
        attack::Draw draw(1, target.name, trial);
        std::string input = mutated(seeds, draw);
        CAPTURE(target.name, trial);
        target.run(input);
      }
    }
  }
}
