// SPDX-License-Identifier: Apache-2.0
#include "sweep/cost_estimate.h"

#include <catch2/catch.hpp>
#include <cmath>

using namespace caddie;

TEST_CASE("steps that runs share cost once, what follows the training once a run", "[sweep]") {
  SharedWork work;
  work.runs = 6;
  work.trainings = 2;
  work.steps = 1000;
  work.separately = 3000;
  KnownTimes times{0.1, 5, "a guess"};
  CHECK(seconds_for(work, times, 1) == Approx(1000 * 0.1 + 6 * 5));
  CHECK(seconds_for(work, times, 2) == Approx(65));
  CHECK(std::isnan(seconds_for(work, {}, 1)));
}

TEST_CASE("an estimate without data says why, and nothing of bytes", "[sweep]") {
  CostEstimate estimate;
  estimate.why_unknown = "no shard matches";
  CHECK(text_of(Plan(), estimate) == "work: unknown: no shard matches\n");
}
