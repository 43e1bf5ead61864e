// SPDX-License-Identifier: Apache-2.0
// Races held against 20,000 made-up sweeps: over all looks they claim and forecast what is true.
// Run with: caddie-tests "[.simulation]", and with -s to see every rate.
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "support/made_up_scores.h"
#include "sweep/racing.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

Race race_of(std::vector<int64_t> looks, double alpha, const char* spending, int64_t arms,
             double futility = 0.05) {
  Race race{spending, alpha, futility, {}};
  for (int64_t seeds : looks) race.looks.push_back({seeds});
  calibrate(race, arms - 1, arms, true);
  return race;
}

std::vector<Standing> outcome(const Race& race, const Scores& scores, const Hypothesis& hypothesis) {
  std::vector<ArmScores> arms;
  for (const std::vector<double>& arm : scores.arms) arms.push_back({arm, !arms.empty()});
  return stand(race, hypothesis, arms);
}

}  // namespace

TEST_CASE("false positives of a race, over all looks and arms", "[.simulation]") {
  struct Case {
    std::vector<int64_t> looks;
    size_t arms;
    double alpha;
    const char* spending;
    double futility;
  };
  for (const Case& c :
       {Case{{3, 6, 12}, 5, 0.05, "obrien_fleming", 0.05}, Case{{3, 6, 12}, 5, 0.05, "obrien_fleming", 0},
        Case{{3, 6, 12}, 5, 0.05, "pocock", 0.05}, Case{{2, 4, 8}, 2, 0.05, "obrien_fleming", 0.05},
        Case{{2, 4, 8}, 2, 0.05, "pocock", 0.05}, Case{{3, 5, 7, 10}, 9, 0.05, "obrien_fleming", 0.05},
        Case{{3, 6, 12}, 5, 0.01, "obrien_fleming", 0.05}}) {
    CAPTURE(c.looks.size(), c.arms, c.alpha, c.spending, c.futility);
    Race race = race_of(c.looks, c.alpha, c.spending, int64_t(c.arms), c.futility);
    CHECK(rate({c.arms, size_t(c.looks.back())}, [&](const Scores& s) {
            for (const Standing& arm : outcome(race, s, {Tail::less}))
              if (arm.end == RaceEnd::proved) return true;
            return false;
          }) == Approx(c.alpha).margin(kHalfPoint));
  }
}

TEST_CASE("a race's intervals miss no truth more often than they say", "[.simulation]") {
  Race race = race_of({3, 6, 12}, 0.05, "pocock", 4);
  for (double effect : {0.0, 0.0008}) {
    auto misses = [&](bool below) {
      return rate({4, 12, effect}, [&](const Scores& s) {
        for (const Standing& arm : outcome(race, s, {Tail::less}))
          if (below ? arm.at_look.high < -effect : arm.at_look.low > -effect) return true;
        return false;
      });
    };
    CHECK(misses(true) <= 0.05 + kHalfPoint);
    CHECK(misses(false) <= 0.05 + kHalfPoint);
  }
}

TEST_CASE("a race proves what is there as often as forecast, with fewer seeds", "[.simulation]") {
  Race race = race_of({3, 6, 12}, 0.05, "obrien_fleming", 5);
  for (double effect : {1.0, 1.5}) {
    RaceForecast expected = forecast(race, 5, effect);
    double seeds = 0;
    double found = rate({5, 12, effect * kNoise, 0, 1, 1}, [&](const Scores& s) {
      std::vector<Standing> arms = outcome(race, s, {Tail::less});
      seeds += double(arms.back().seeds) / kSweeps;
      return arms[1].end == RaceEnd::proved;
    });
    CHECK(found == Approx(expected.power).epsilon(0.1));
    CHECK(seeds == Approx(expected.mean_seeds).epsilon(0.1));
    CHECK(seeds < 9);
  }
}
