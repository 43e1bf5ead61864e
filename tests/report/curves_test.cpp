// SPDX-License-Identifier: Apache-2.0
// Curves over steps and time, and what an arm gains at equal times.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "base/files.h"
#include "report/curves.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("a curve in time", "[report]") {
  MadeUpSweep sweep({{1.0}, {1.0}});
  write_file(sweep.path / "m/metrics.csv",
             "step,tokens,time_s,name,value\n10,80,1.000,train_loss,5\n10,80,1.000,val_bpb,2.0\n"
             "20,160,3.000,val_bpb,1.0\n30,240,4.000,val_bp");
  std::vector<CurvePoint> curve = read_curve(sweep.path / "m", "val_bpb");
  REQUIRE(curve.size() == 2);
  CHECK(curve[1].step == 20);
  CHECK(at_time(curve, 1.0) == 2.0);
  CHECK(at_time(curve, 2.0) == 1.5);
  CHECK(at_time(curve, 3.0) == 1.0);
  CHECK_FALSE(at_time(curve, 0.5));
  CHECK_FALSE(at_time(curve, 3.5));
  CHECK(read_curve(sweep.path / "nowhere", "val_bpb").empty());
}

TEST_CASE("better per step and slower may be worse on the clock", "[report]") {
  // The arm gains 0.1 at equal steps, but takes twice as long for each.
  std::vector<std::vector<CurvePoint>> baseline = {{{10, 10, 2.0}, {20, 20, 1.5}, {30, 30, 1.25}}};
  std::vector<std::vector<CurvePoint>> arm = {{{10, 20, 1.9}, {20, 40, 1.4}, {30, 60, 1.15}}};
  CHECK(delta_at_time(arm, baseline) == Approx(1.65 - 1.25));  // at 30 seconds
  CHECK(std::isnan(delta_at_time(arm, std::vector<std::vector<CurvePoint>>{{}})));
}
