// SPDX-License-Identifier: Apache-2.0
// What is told of a sweep's arms: against which baseline, by which test, and whether the claim is met.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "report/ablation.h"
#include "report/files.h"
#include "support/csv.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

TEST_CASE("another arm may be the baseline", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  Ablation ablation = analyze(sweep.plan, sweep.path, "+a, \"b\"");
  CHECK(ablation.arms[0].shown.delta == Approx(0.25));
  CHECK_THROWS_WITH(analyze(sweep.plan, sweep.path, "+a"), Catch::Contains("no arm is called '+a'"));
}

TEST_CASE("one seed an arm gives differences without p", "[report]") {
  MadeUpSweep sweep({{1.5}, {1.25}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].shown.delta == Approx(-0.25));
  CHECK(std::isnan(ablation.arms[1].p_adjusted));
  CHECK_THAT(render(ablation, "term"), Catch::Contains("nothing is known of the noise"));
}

TEST_CASE("a sweep without results still has its tables", "[report]") {
  MadeUpSweep sweep({{kUnknown}, {kUnknown}});
  write_tables(sweep.plan, sweep.path);
  CHECK(parse_csv(read_file(sweep.path / "ablation.csv")).size() == 3);
  CHECK_THAT(read_file(sweep.path / "ablation.md"), Catch::Contains("0 of 2 runs done"));
  CHECK(Json::parse(render(analyze(sweep.plan, sweep.path), "json")).at("arms").size() == 2);
  CHECK_THROWS_WITH(render(analyze(sweep.plan, sweep.path), "xml"), Catch::Contains("no such format"));
}

TEST_CASE("a claim by Welch's test is corrected by the arms' joint distribution", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.499, 1.502},
                     {1.498, 1.499, 1.497, 1.4985},
                     {1.499, 1.500, 1.498, 1.501},
                     {1.497, 1.499, 1.498, 1.499}});
  sweep.plan.claim.emplace();
  sweep.plan.claim->test = "welch";
  sweep.plan.claim->alpha = 0.05;
  Ablation ablation = analyze(sweep.plan, sweep.path);
  double least = 1;
  for (const ArmRow& arm : ablation.arms) {
    if (arm.is_baseline) continue;
    CHECK(arm.p_adjusted >= arm.tested.p);
    least = std::min(least, arm.tested.p);
    // The interval is wider than that of one arm alone, and narrower than Bonferroni's.
    double half = (arm.shown.high - arm.shown.low) / 2 / arm.shown.standard_error;
    CHECK(half > critical_t(arm.shown.df, 0.05, Tail::both));
    CHECK(half < critical_t(arm.shown.df, 0.05 / 3, Tail::both));
  }
  CHECK(ablation.arms[1].tested.p == least);
  CHECK(ablation.arms[1].p_adjusted < 2.9 * least);
  CHECK_THAT(render(ablation, "term"), Catch::Contains("CI: 95%, the claimed arms at once"));
}

TEST_CASE("a claim is judged only when all its runs are done", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.499}, {1.400, 1.401, 1.399}, {1.499, 1.500, 1.498}});
  sweep.plan.claim.emplace();
  sweep.plan.claim->margin_nats = 0.005;
  SECTION("one arm is no better") { CHECK(analyze(sweep.plan, sweep.path).claim_met == false); }
  SECTION("the claimed arm is") {
    sweep.plan.claim->arms = {"+a, \"b\""};
    Ablation ablation = analyze(sweep.plan, sweep.path);
    CHECK(ablation.claim_met == true);
    CHECK(ablation.arms[1].significant);
    CHECK_FALSE(ablation.arms[2].significant);
  }
  SECTION("a margin of more than the difference") {
    sweep.plan.claim->arms = {"+a, \"b\""};
    sweep.plan.claim->margin_nats = 0.25;
    CHECK(analyze(sweep.plan, sweep.path).claim_met == false);
  }
  SECTION("a run is missing") {
    fs::remove(sweep.path / "runs/1-2/summary.json");
    CHECK_FALSE(analyze(sweep.plan, sweep.path).claim_met.has_value());
  }
  SECTION("an arm that does not exist") {
    sweep.plan.claim->arms = {"+d"};
    CHECK_THROWS_WITH(analyze(sweep.plan, sweep.path), Catch::Contains("no arm is called '+d'"));
  }
}

TEST_CASE("arms of the baseline's trainings are compared checkpoint by checkpoint", "[report]") {
  // Seeds differ by 0.1, the second arm from the first by 0.010, 0.011, 0.012; the third is trained apart.
  MadeUpSweep sweep({{1.0, 1.1, 1.2}, {0.990, 1.089, 1.188}, {1.0, 1.1, 1.2}});
  for (size_t arm = 0; arm < 3; ++arm)
    for (size_t seed = 0; seed < 3; ++seed) {
      fs::path file = sweep.path / sweep.plan.runs[arm * 3 + seed].folder / "summary.json";
      Json summary = Json::parse(read_file(file));
      summary["stages"]["train"] = std::to_string(seed) + (arm == 2 ? "apart" : "");
      write_file(file, summary.dump());
    }
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].trained_as == 0);
  CHECK(ablation.arms[2].trained_as == 2);
  CHECK(ablation.pooled.df == 4);  // the first two arms have one noise
  CHECK(ablation.arms[1].tested.test == "paired_checkpoint");
  CHECK(ablation.arms[1].tested.t == Approx(-0.011 / (0.001 / std::sqrt(3.0))));
  CHECK(ablation.arms[2].tested.test == "pooled");
  // Two families share alpha.
  CHECK(ablation.arms[1].p_adjusted == Approx(2 * ablation.arms[1].tested.p));
  CHECK(ablation.arms[1].significant);
  TextTable table = ablation_table(ablation);
  CHECK(column(table, 1, "paired") == "1");
  CHECK(column(table, 2, "paired") == "0");
  CHECK(column(runs_table(ablation), 3, "training") == "0");
  sweep.plan.claim.emplace();
  sweep.plan.claim->test = "paired_checkpoint";
  ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].significant);
  CHECK(std::isnan(ablation.arms[2].tested.p));
  CHECK(ablation.claim_met == false);
  CHECK_THAT(render(ablation, "term"), Catch::Contains("not of the baseline's trainings"));
}
