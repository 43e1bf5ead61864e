// SPDX-License-Identifier: Apache-2.0
// Main effects and interactions of factors, by hand.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "report/ablation.h"
#include "report/effects.h"
#include "report/sweep_tables.h"
#include "statistics/joint.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

TEST_CASE("main effects and interaction of two switches", "[report]") {
  // -a-b 10, +a-b 8, -a+b 9, +a+b 6: effects -2.5 and -1.5, interaction -0.5.
  MadeUpSweep sweep({{10.0, 10.0}, {8.0, 8.0}, {9.0, 9.0}, {6.0, 6.5, 5.5}});
  sweep.plan.factors = {"a", "b"};
  for (size_t arm = 0; arm < 4; ++arm) sweep.plan.arms[arm].levels = {arm & 1, arm >> 1};
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  REQUIRE(found.size() == 3);
  CHECK(found[2].name == "a*b");
  CHECK(found[2].size == Approx(-0.5));
  CHECK(std::isfinite(found[2].p));
  SECTION("a cell without runs leaves what the others tell") {
    for (int seed = 0; seed < 3; ++seed) fs::remove(sweep.path / message("runs/3-{}/summary.json", {seed}));
    Ablation less = analyze(sweep.plan, sweep.path);
    CHECK(unknown_cells(less) == std::vector<std::string>{"+d c"});
    CHECK(effects(less)[0].size == Approx(-2.0));
    CHECK(std::isnan(effects(less)[2].size));
    CHECK_THAT(render(less, "term"), Catch::Contains("unknown") && Catch::Contains("+d c"));
  }
  sweep.plan.design = "leave_one_out";
  CHECK(effects(analyze(sweep.plan, sweep.path)).empty());
}

TEST_CASE("effects between arms of one training do not count what its seeds differ in", "[report]") {
  // Seeds differ by 1 or more; the factors are worth 0.01 and 0.02, with 0.001 of noise of their own.
  MadeUpSweep sweep({{1, 2, 4}, {1.011, 2.01, 4.01}, {1.02, 2.021, 4.02}, {1.03, 2.03, 4.031}});
  sweep.plan.factors = {"a", "b"};
  for (size_t arm = 0; arm < 4; ++arm) sweep.plan.arms[arm].levels = {arm & 1, arm >> 1};
  for (const PlannedRun& run : sweep.plan.runs) {
    fs::path file = sweep.path / run.folder / "summary.json";
    Json summary = Json::parse(read_file(file));
    summary["stages"] = {{"train", "train-" + std::to_string(run.seed)}};
    write_file(file, summary.dump());
  }
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  CHECK(found[0].size == Approx(0.01).margin(0.001));
  CHECK(found[1].size == Approx(0.02).margin(0.001));
  CHECK(found[1].standard_error < 0.001);
  CHECK(found[1].p < 0.001);
  SECTION("and where two trainings serve four arms, no noise is that of all effects") {
    for (const PlannedRun& run : sweep.plan.runs) {
      if (run.arm < 2) continue;
      fs::path file = sweep.path / run.folder / "summary.json";
      Json summary = Json::parse(read_file(file));
      summary["stages"]["weights"] = "others";
      write_file(file, summary.dump());
    }
    std::vector<Effect> apart = effects(analyze(sweep.plan, sweep.path));
    CHECK(apart[0].size == Approx(0.01).margin(0.001));
    CHECK(std::isnan(apart[0].p));
    CHECK(std::isnan(apart[1].p));
  }
  SECTION("of which one seed tells nothing") {
    std::erase_if(sweep.plan.runs, [](const PlannedRun& run) { return run.seed > 0; });
    std::vector<Effect> one = effects(analyze(sweep.plan, sweep.path));
    CHECK(one[1].size == Approx(0.0195));
    CHECK(std::isnan(one[1].p));
  }
}

TEST_CASE("effects that runs cannot tell apart have no size", "[report]") {
  // The half fraction c = a xor b; the response is 1 + a.
  MadeUpSweep sweep({{1.0}, {2.0}, {1.0}, {2.0}});
  sweep.plan.design = "fractional";
  sweep.plan.factors = {"a", "b", "c"};
  for (size_t arm = 0; arm < 4; ++arm)
    sweep.plan.arms[arm].levels = {arm & 1, arm >> 1, (arm & 1) ^ (arm >> 1)};
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  REQUIRE(found.size() == 6);
  CHECK(found[0].size == Approx(1.0));
  CHECK(found[1].size == Approx(0.0).margin(1e-12));
  CHECK(std::isnan(found[3].size));
  CHECK(found[3].unknown == "cannot be told apart from c");
}

namespace {

/// Three levels of a by two of b, two seeds a cell, 0.5 above and below these means.
MadeUpSweep three_by_two(double last = 12) {
  std::vector<std::vector<double>> bpb;
  for (double mean : {10.0, 9.0, 7.0, 12.0, 11.0, last}) bpb.push_back({mean - 0.5, mean + 0.5});
  return MadeUpSweep(bpb);
}

void set_levels(MadeUpSweep& sweep) {
  sweep.plan.factors = {"a", "b"};
  sweep.plan.levels = {{"a=1", "a=2", "a=3"}, {"-b", "+b"}};
  for (size_t arm = 0; arm < 6; ++arm) sweep.plan.arms[arm].levels = {arm % 3, arm / 3};
}

}  // namespace

TEST_CASE("each level of a factor against the baseline's, and an F test of the interaction", "[report]") {
  MadeUpSweep sweep = three_by_two();
  set_levels(sweep);
  Ablation ablation = analyze(sweep.plan, sweep.path);
  std::vector<Effect> found = effects(ablation);
  REQUIRE(found.size() == 4);
  // Means over b: 11, 10, 9.5. The variance is 0.5 with 6 degrees of freedom, and each mean has four runs.
  CHECK(found[0].name == "a=2 vs a=1");
  CHECK(found[0].size == Approx(-1));
  CHECK(found[0].standard_error == Approx(0.5));
  Dunnett joint(std::vector<int64_t>{4, 4}, 4, 6);
  CHECK(found[0].p == Approx(joint.p(-2, Tail::both)));
  CHECK(found[0].high == Approx(-1 + 0.5 * joint.critical(0.05, Tail::both)));
  CHECK(found[1].size == Approx(-1.5));
  CHECK(found[2].name == "b");
  CHECK(found[2].size == Approx(3));
  CHECK(found[2].standard_error == Approx(std::sqrt(0.5 / 3)));
  CHECK(std::isnan(found[2].low));
  // What rows and columns leave over is 0.5, 0.5, -1 and the opposite, twice: 6, so F(2, 6) = 3 / 0.5.
  CHECK(found[3].name == "a*b");
  CHECK(found[3].f == Approx(6));
  CHECK(found[3].contrasts == 2);
  CHECK(found[3].p == Approx(1.0 / 27));
  CHECK(std::isnan(found[3].size));
  for (const char* format : {"term", "md", "tex", "json"})
    CHECK_THAT(render(ablation, format), Catch::Contains("a=2 vs a=1"));
  CHECK_THAT(render(ablation, "term"), Catch::Contains("95% CI") && Catch::Contains("6.00"));
  write_tables(sweep.plan, sweep.path);
  CHECK_THAT(read_file(sweep.path / "effects.csv"), Catch::Contains("\na*b,,,,,6.0000,2,0.03703704,\n"));
  SECTION("another baseline's level is what the others are held against") {
    std::swap(sweep.plan.arms[0].levels, sweep.plan.arms[1].levels);
    CHECK(effects(analyze(sweep.plan, sweep.path))[0].name == "a=1 vs a=2");
  }
}

TEST_CASE("effects of several levels where cells are missing", "[report]") {
  MadeUpSweep sweep = three_by_two(kUnknown);
  set_levels(sweep);
  // Without a=3 +b, b is worth 2 at both other levels, so at -b 10, 9 and 7 compare as they stand. The error
  // of the last holds its own mean, 1/2, that of a=1, 1/4, and half of b's, 1/8, of the variance.
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  REQUIRE(found.size() == 4);
  CHECK(found[0].size == Approx(-1));
  CHECK(found[1].size == Approx(-3));
  CHECK(found[1].standard_error == Approx(std::sqrt(0.875 * 0.5)));
  CHECK(found[2].size == Approx(2));
  CHECK(found[3].contrasts == 1);
  CHECK(found[3].f == Approx(0).margin(1e-9));
  CHECK(found[3].unknown == "1 of 2 contrasts; the others are unknown");
  for (int seed : {0, 1}) fs::remove(sweep.path / message("runs/2-{}/summary.json", {seed}));
  found = effects(analyze(sweep.plan, sweep.path));
  CHECK(found[1].unknown == "no finished run");
  CHECK(std::isnan(found[1].p));
  CHECK(std::isfinite(found[0].p));
  for (int arm : {0, 3})
    for (int seed : {0, 1}) fs::remove(sweep.path / message("runs/{}-{}/summary.json", {arm, seed}));
  found = effects(analyze(sweep.plan, sweep.path));
  CHECK(found[0].unknown == "cannot be told apart");
}
