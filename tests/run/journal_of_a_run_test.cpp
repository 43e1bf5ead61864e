// SPDX-License-Identifier: Apache-2.0
// What a run writes of each step, and what caddie diff makes of two runs.
#include <catch2/catch.hpp>

#include "report/compare_runs.h"
#include "report/curves.h"
#include "results/metrics.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("a run notes loss, gradient norm and rate of every step, and diff compares the weights",
          "[journal]") {
  Outcome first = laboratory().run("journal_a", "--seed 1"),
          second = laboratory().run("journal_b", "--seed 2");
  INFO(first.output << second.output);
  REQUIRE(first.code == 0);
  REQUIRE(second.code == 0);
  std::filesystem::path a = laboratory().folder("journal_a"), b = laboratory().folder("journal_b");
  for (const Metric* metric : {&kTrainLoss, &kGradientNorm, &kLearningRateScale})
    CHECK(read_curve(a, metric->name).size() == 24);
  for (const CurvePoint& point : read_curve(a, kGradientNorm.name)) CHECK(point.value > 0);
  // The schedule of the quick start ends in a descent of 120 steps, which 24 steps are all part of.
  std::vector<CurvePoint> scale = read_curve(a, kLearningRateScale.name);
  CHECK(scale.back().value < scale.front().value);

  RunDifferences same = compare_runs(a, a), other = compare_runs(a, b);
  REQUIRE(same.weights);
  CHECK(same.weights->same());
  CHECK(same.stage == "none");
  REQUIRE(other.weights);
  CHECK(other.weights->equal < other.weights->tensors);
  CHECK(other.stage == "train");
  Outcome shown = shell("diff " + a.string() + " " + b.string());
  CHECK(shown.output.find("tensors have equal bits") != std::string::npos);

  std::filesystem::path missing = b / "weights.safetensors";
  std::filesystem::remove(missing);
  Outcome without = shell("diff " + a.string() + " " + b.string());
  CHECK(without.code == 0);
  CHECK(without.output.find("weights: not compared: " + missing.string() + " is missing") !=
        std::string::npos);
}
