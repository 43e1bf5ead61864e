// SPDX-License-Identifier: Apache-2.0
// What is told of a sweep's arms: against which baseline, by which test, and whether the claim is met.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/json.h"
#include "report/ablation.h"
#include "report/sweep_tables.h"
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
  CHECK_THAT(render(ablation, "term"), Catch::Contains("CI: 95%, the claimed arms at once") &&
                                           Catch::Contains("Welch's test of one arm holds alpha"));
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

namespace {

/// Writes a number into the summary of a finished run.
void set(const MadeUpSweep& sweep, size_t arm, size_t seed, const char* name, const Json& value) {
  fs::path file = sweep.path / ("runs/" + std::to_string(arm) + "-" + std::to_string(seed)) / "summary.json";
  Json summary = Json::parse(read_file(file));
  summary[name] = value;
  write_file(file, summary.dump());
}

void set_training(const MadeUpSweep& sweep, size_t arm, size_t seed, const std::string& name) {
  set(sweep, arm, seed, "stages", {{"train", name}});
}

}  // namespace

TEST_CASE("runs without any spread are not tested", "[report]") {
  // The mean of three times 1.913 is not 1.913 in floating point.
  MadeUpSweep sweep({{1.913, 1.913, 1.913}, {1.913, 1.913, 1.913}, {1.913001, 1.913001, 1.913001}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].shown.delta == 0);
  for (size_t arm : {1, 2}) {
    CHECK(ablation.arms[arm].tested.is_alike);
    CHECK(std::isnan(ablation.arms[arm].p_adjusted));
    CHECK_FALSE(ablation.arms[arm].significant);
  }
  CHECK_THAT(render(ablation, "md"), Catch::Contains("all runs alike"));
}

TEST_CASE("a claim on a count that no seed changes is decided by the fact", "[report]") {
  MadeUpSweep sweep({{1.5, 1.51, 1.52}, {1.5, 1.53, 1.54}, {1.5, 1.49, 1.48}});
  sweep.plan.claim.emplace();
  sweep.plan.claim->metric = "params";
  sweep.plan.claim->arms = {"+a, \"b\""};
  for (size_t arm : {0, 1, 2})
    for (size_t seed : {0, 1, 2}) set(sweep, arm, seed, "params", arm == 1 ? 400000 : 500000);
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.claim_met == true);
  CHECK(ablation.arms[1].tested.delta == -100000);
  CHECK(column(ablation_table(ablation), 1, "test") == "fact");
  CHECK(column(readable_table(ablation), 1, "p") == "fact*");
  CHECK_THAT(render(ablation, "md"), Catch::Contains("fact: params is the same in every run"));
  CHECK(column(readable_table(ablation), 1, "params") == "400,000");
  CHECK(column(readable_table(ablation), 1, "delta params") == "-100,000");
  auto says = [&](const char* text) {
    std::vector<std::string> notes = analyze(sweep.plan, sweep.path).notes;
    return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) { return note == text; });
  };
  CHECK(says("claim, fixed before the runs: better by more than 0 params"));
  sweep.plan.claim->margin = 1234567;
  CHECK(says("claim, fixed before the runs: better by more than 1234567 params"));
  sweep.plan.claim->margin = 100000;  // is not surpassed
  CHECK(analyze(sweep.plan, sweep.path).claim_met == false);
  sweep.plan.claim->margin = 0;
  sweep.plan.claim->arms = {"+c"};
  CHECK(analyze(sweep.plan, sweep.path).claim_met == false);
}

TEST_CASE("all of a row is of the same pairs", "[report]") {
  // The arm and the baseline come from one training each seed, and the baseline has no run of seeds 2 and 3.
  MadeUpSweep sweep({{1.50, 1.60, kUnknown, kUnknown}, {1.49, 1.58, 1.9, 2.0}});
  for (size_t arm : {0, 1})
    for (size_t seed : {0, 1, 2, 3})
      if (arm == 1 || seed < 2) set_training(sweep, arm, seed, "t" + std::to_string(seed));
  set(sweep, 1, 2, "artifact_bytes", 9000);
  set(sweep, 1, 3, "step_avg_ms", 99.0);
  Ablation ablation = analyze(sweep.plan, sweep.path);
  const ArmRow& arm = ablation.arms[1];
  CHECK(arm.shown.test == "paired_checkpoint");
  CHECK(arm.shown.delta == Approx(-0.015));
  CHECK(arm.delta_nats == Approx(-0.030));  // made-up nats are twice the bits per byte
  CHECK(arm.delta_bytes == 1);
  CHECK(arm.delta_step_ms == Approx(1));
  CHECK(arm.compared == std::vector<int64_t>{0, 1});
  CHECK_THAT(render(ablation, "md"), Catch::Contains("all differences are of seeds 0, 1"));
}

TEST_CASE("the SD is pooled over all runs of shared trainings, also where the baseline has one", "[report]") {
  MadeUpSweep sweep({{1.9, kUnknown, kUnknown, kUnknown, kUnknown}, {1.872, 1.884, 1.876, 1.888, 1.88}});
  for (size_t seed : {0, 1, 2, 3, 4}) set_training(sweep, 1, seed, "t" + std::to_string(seed));
  set_training(sweep, 0, 0, "t0");
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.pooled.df == 4);
  // numpy.std(arm, ddof=1), and scipy.stats.t.sf of -0.02 / (SD * sqrt(1/5 + 1)) with 4 degrees of freedom.
  CHECK(std::sqrt(ablation.pooled.variance) == Approx(0.006324555320336694));
  CHECK(ablation.arms[1].tested.p == Approx(0.04470858727967927));
  CHECK_THAT(render(ablation, "md"), !Catch::Contains("one seed an arm") && !Catch::Contains("one training"));
}

TEST_CASE("Welch's test stands beside the pooled one where SDs differ", "[report]") {
  MadeUpSweep sweep({{1.8990, 1.8999, 1.9010, 1.8993, 1.9002},
                     {1.8960, 1.8969, 1.8980, 1.8963, 1.8978},
                     {1.90, 1.95, 2.05, 1.88, 1.99}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.spreads_differ);
  // scipy.stats.dunnett(arm, wild, control=baseline), and t of scipy.stats.ttest_ind(equal_var=False).
  CHECK(ablation.arms[1].p_adjusted == Approx(0.9904).margin(2e-4));
  REQUIRE(ablation.arms[1].welch);
  CHECK(ablation.arms[1].welch->t == Approx(-5.438804937124135));
  CHECK(ablation.arms[1].welch->p < 0.005);
  CHECK_THAT(render(ablation, "md"),
             Catch::Contains("SDs differ: 0.06877 in +c") && Catch::Contains("welch p"));
  MadeUpSweep alike({{1.5, 1.51, 1.52}, {1.5, 1.53, 1.54}});
  CHECK_FALSE(analyze(alike.plan, alike.path).arms[1].welch);
}

TEST_CASE("a correction computes what its name says", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.499}, {1.497, 1.499, 1.498}, {1.4985, 1.4995, 1.498}});
  sweep.plan.claim.emplace();
  auto p = [&](const char* correction, size_t arm) {
    sweep.plan.claim->correction = correction;
    return analyze(sweep.plan, sweep.path).arms[arm].p_adjusted;
  };
  // statsmodels.stats.multitest.multipletests(method="holm") of scipy.stats.t.cdf(t, 6).
  CHECK(p("holm", 1) == Approx(0.03855859));
  CHECK(p("holm", 2) == Approx(0.06446853));
  // scipy.stats.dunnett(alternative="less"); going down, the second arm is alone, so it keeps its own p.
  CHECK(p("dunnett", 1) == Approx(0.0335718).margin(2e-4));
  CHECK(p("dunnett", 2) == Approx(0.1078472).margin(2e-4));
  CHECK(p("dunnett_step_down", 1) == Approx(0.0335718).margin(2e-4));
  CHECK(p("dunnett_step_down", 2) == Approx(0.06446853));
}
