// SPDX-License-Identifier: Apache-2.0
// The report as a page, and the axes of its charts.
#include <catch2/catch.hpp>
#include <vector>

#include "base/files.h"
#include "report/ablation.h"
#include "report/page.h"
#include "report/svg.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("a report is one page that asks for nothing else", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  sweep.plan.question = "Is 1 < 2 & 3?";
  write_file(sweep.path / "runs/0-0/metrics.csv",
             "step,tokens,time_s,name,value\n1,8,1.000,train_loss,3\n2,16,2.000,train_loss,2\n");
  write_file(sweep.path / "runs/0-1/metrics.csv",
             "step,tokens,time_s,name,value\n1,8,1.000,train_loss,3\n2,16,2.000,train_loss,2\n");
  std::string page = report_page(analyze(sweep.plan, sweep.path), sweep.path);
  CHECK_THAT(page, Catch::StartsWith("<!doctype html>") && Catch::Contains("Is 1 &lt; 2 &amp; 3?"));
  CHECK_THAT(page, Catch::Contains("prefers-color-scheme:dark") && Catch::Contains("+a, &quot;b&quot;"));
  for (const char* chart : {"difference of each arm", "train_loss by steps", "bytes against val_bpb"})
    CHECK_THAT(page, Catch::Contains(chart));
  for (const char* link : {"http:", "https:", "<script", "src=", "=nan", ">nan", " nan"})
    CHECK_THAT(page, !Catch::Contains(link));
  MadeUpSweep empty({{kUnknown}, {kUnknown}});
  CHECK_THAT(report_page(analyze(empty.plan, empty.path), empty.path), !Catch::Contains("<svg"));
}

TEST_CASE("a thinned curve holds every point in one of its means", "[report]") {
  const std::vector<Point> curve = {{1, 10}, {2, 20}, {3, 30}, {4, 40}, {5, 60}};
  std::vector<Point> thin = thinned(curve, 3);
  REQUIRE(thin.size() == 3);
  CHECK(thin[0].x == 1.5);
  CHECK(thin[1].y == 35);
  CHECK(thin[2].x == 5);
  CHECK(thin[2].y == 60);
  CHECK(thinned(curve, 80).size() == 5);
  CHECK(thinned(curve, 80)[4].y == 60);
  CHECK(thinned({}, 80).empty());
}

TEST_CASE("ticks are round and inside", "[report]") {
  CHECK(Axis{0, 1}.ticks(5) == std::vector<double>{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0});
  CHECK(Axis::around(std::vector<double>{}).low < Axis::around(std::vector<double>{}).high);
  Axis flat = Axis::around(std::vector<double>{3, kUnknown, 3});
  CHECK(flat.low < 3);
  CHECK(flat.high > 3);
}
