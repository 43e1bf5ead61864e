// SPDX-License-Identifier: Apache-2.0
// Two sweeps of the same arms: their ranks, their signs, and which arms cannot be compared.
#include "report/transfer.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "report/inactive_arms.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

using Scores = std::vector<std::vector<double>>;
const Scores kSmall = {
    {1.900, 1.904, 1.902}, {1.880, 1.884, 1.885}, {1.910, 1.905, 1.909}, {1.890, 1.893, 1.888}};
const Scores kBig = {
    {1.500, 1.503, 1.501}, {1.490, 1.493, 1.491}, {1.492, 1.488, 1.489}, {1.480, 1.482, 1.484}};

struct TwoSweeps {
  MadeUpSweep small, big;
  explicit TwoSweeps(const Scores& in_small = kSmall, const Scores& in_big = kBig)
      : small(in_small), big(in_big) {}

  Transfer compare(const std::string& metric = "val_bpb") const {
    return transfer(analyze(small.plan, small.path), analyze(big.plan, big.path), metric);
  }
};

/// Sets what a run of a sweep found of techniques without full effect.
void find_effect(const MadeUpSweep& sweep, size_t run, const std::string& part, const std::string& finding) {
  std::filesystem::path file = sweep.path / sweep.plan.runs[run].folder / "summary.json";
  Json summary = Json::parse(read_file(file));
  summary["effects"] = {{part, finding}};
  write_file(file, summary.dump());
}

}  // namespace

TEST_CASE("ranks, signs and their tests are those of SciPy", "[report]") {
  TwoSweeps sweeps;
  Transfer found = sweeps.compare();
  REQUIRE(found.arms.size() == 4);
  // scipy.stats.kendalltau of the four means; scipy.stats.t with the pooled variance and 8 degrees of
  // freedom.
  CHECK(found.tau == Approx(0).margin(1e-12));
  CHECK(found.p == Approx(1));
  const Comparison& helps = found.arms[1].small.against_baseline;
  CHECK(helps.delta == Approx(-0.019));
  CHECK(helps.p == Approx(1.308394823937274e-05));
  CHECK(helps.low == Approx(-0.023643925663495127));
  CHECK(helps.high == Approx(-0.014356074336504685));
  CHECK(found.arms[2].small.against_baseline.p == Approx(0.017617040438033988));
  CHECK(found.arms[2].big.against_baseline.p == Approx(4.668905158995061e-05));
  CHECK(found.arms[3].big.against_baseline.p == Approx(1.0740724437352025e-06));
  // One arm flips; it is the third, and 3 arms might have: Holm's p is 3 times the larger of its two.
  CHECK_FALSE(found.arms[1].flips);
  CHECK(found.arms[2].flips);
  CHECK_FALSE(found.arms[3].flips);
  CHECK(found.arms[2].p_flip == Approx(3 * 0.017617040438033988));
}

TEST_CASE("the interval of tau rests on the pairs that both sweeps settle", "[report]") {
  Transfer found = TwoSweeps().compare();
  // At 0.05 / 12, two-sided, scipy.stats.t.ppf lets pairs count that differ by 0.00798 in the small sweep and
  // by 0.00583 in the big one: three of six do in both, and all three agree.
  CHECK(found.pairs == 6);
  CHECK(found.truth.settled == 3);
  CHECK(found.truth.interval.low == Approx(0).margin(1e-12));
  CHECK(found.truth.interval.high == Approx(1));
  std::string text = text_of(found);
  CHECK_THAT(text,
             Catch::Contains("tau-b 0.000 over 4 arms, 0.000 to 1.000") &&
                 Catch::Contains("3 of 6 pairs of arms are settled") &&
                 Catch::Contains("sign flips: +c: +0.00600 in the small sweep, -0.01167 in the big; p "));
}

TEST_CASE("with one seed an arm nothing is settled, and tau may be anything", "[report]") {
  Transfer found = TwoSweeps({{1.90}, {1.88}, {1.91}}, {{1.50}, {1.49}, {1.49}}).compare();
  CHECK(found.truth.settled == 0);
  CHECK((found.truth.interval.low == -1 && found.truth.interval.high == 1));
  CHECK_THAT(text_of(found), Catch::Contains("no p, as the noise is unknown"));
}

TEST_CASE("an arm that never acted in the small sweep is refused", "[report]") {
  TwoSweeps sweeps;
  for (size_t run = 3; run < 6; ++run)
    find_effect(sweeps.small, run, "a", "allowed_no_effect: it begins after the last step");
  Transfer found = sweeps.compare();
  REQUIRE(found.refused.size() == 1);
  CHECK(found.refused[0].label == "+a, \"b\"");
  CHECK(found.refused[0].reason == "a: allowed_no_effect: it begins after the last step");
  CHECK(found.arms.size() == 3);
  CHECK(found.pairs == 3);
  CHECK_THAT(text_of(found), Catch::Contains("refused: +a, \"b\": never acted in the small sweep: a: "));
  // It is refused for the small sweep only, where it was to show what the big one does.
  TwoSweeps other;
  for (size_t run = 3; run < 6; ++run) find_effect(other.big, run, "a", "no_effect: nothing changes");
  CHECK(other.compare().refused.empty());
}

TEST_CASE("an arm is inactive by what sets it apart alone", "[report]") {
  MadeUpSweep sweep(kSmall);
  auto why = [&](size_t arm) { return why_inactive(analyze(sweep.plan, sweep.path), sweep.plan.arms[arm]); };
  for (size_t run = 3; run < 6; ++run) find_effect(sweep, run, "a", "partial: some weights did not move");
  CHECK(why(1).empty());
  for (size_t run = 3; run < 6; ++run) find_effect(sweep, run, "shared", "no_effect: of all arms");
  CHECK(why(1).empty());
  find_effect(sweep, 3, "a", "no_effect: no gradient");
  CHECK(why(1).empty());  // It acted with the other seeds.
  for (size_t run = 3; run < 6; ++run) find_effect(sweep, run, "a", "no_effect: no gradient");
  CHECK(why(1) == "a: no_effect: no gradient");
  CHECK(why(2).empty());
  // A part that is called by the path of its table: arms differ in a setting of it.
  for (size_t run = 6; run < 9; ++run) find_effect(sweep, run, "model", "no_effect: the plain one");
  CHECK(why(2) == "model: no_effect: the plain one");
}

TEST_CASE("where the baseline has all techniques, the arm without an inactive one is refused", "[report]") {
  MadeUpSweep sweep(kSmall);
  sweep.plan.arms[0].techniques["late"] = sweep.plan.arms[1].techniques["late"] = true;
  sweep.plan.arms[3].techniques["late"] = false;
  for (size_t run = 0; run < 9; ++run) find_effect(sweep, run, "late", "no_effect: too late");
  auto why = [&](size_t arm) { return why_inactive(analyze(sweep.plan, sweep.path), sweep.plan.arms[arm]); };
  CHECK(why(1).empty());
  CHECK(why(3) == "late: no_effect: too late");
}

TEST_CASE("arms that one sweep lacks are named, and too few are refused", "[report]") {
  TwoSweeps sweeps(kSmall, {kBig[0], kBig[1], {kUnknown, kUnknown}});
  sweeps.big.plan.arms.push_back(sweeps.big.plan.arms[1]);
  sweeps.big.plan.arms.back().label = "+new";
  Transfer found = sweeps.compare();
  CHECK(found.arms.size() == 2);
  REQUIRE(found.unmatched.size() == 3);
  CHECK(
      (found.unmatched[0].label == "+c" && found.unmatched[0].reason == "no finished run in the big sweep"));
  CHECK((found.unmatched[1].label == "+d c" && found.unmatched[1].reason == "only in the small sweep"));
  CHECK((found.unmatched[2].label == "+new" && found.unmatched[2].reason == "only in the big sweep"));
  TwoSweeps alone(kSmall, {kBig[0]});
  CHECK_THROWS_WITH(alone.compare(),
                    Catch::Contains("fewer than two arms") && Catch::Contains("'+c' (only in"));
}

TEST_CASE("what differs between the sweeps is told, and arms of one label that are not one", "[report]") {
  TwoSweeps sweeps;
  sweeps.small.plan.base_text = "[model]\ndim = 128\n";
  sweeps.big.plan.base_text = "[model]\ndim = 256\n";
  sweeps.small.plan.arms[2].overrides = {"model.layers=2"};
  sweeps.big.plan.arms[2].overrides = {"model.layers=4"};
  Transfer found = sweeps.compare();
  REQUIRE(found.changed.size() == 1);
  CHECK_THAT(found.changed[0], Catch::Contains("model.dim: 128 -> 256"));
  REQUIRE(found.notes.size() == 1);
  CHECK_THAT(found.notes[0], Catch::Contains("+c is not the same in both: model.layers=2"));
}

TEST_CASE("a count that no seed changes settles its pairs without a test", "[report]") {
  Transfer found = TwoSweeps().compare("artifact_bytes");  // 1000 and the number of the arm
  CHECK(found.tau == Approx(1));
  CHECK(found.truth.settled == 6);
  CHECK(found.truth.interval.low == 1);
}

TEST_CASE("JSON of a transfer tells all of it", "[report]") {
  Json json = json_of(TwoSweeps().compare());
  CHECK(json.at("tau_b").get<double>() == Approx(0).margin(1e-12));
  CHECK(json.at("tau_high").get<double>() == Approx(1));
  CHECK(json.at("arms").size() == 4);
  CHECK(json.at("arms")[0].at("small").at("delta").is_null());
  CHECK(json.at("arms")[2].at("flips") == true);
  CHECK(json.at("arms")[2].at("p_flip").get<double>() == Approx(3 * 0.017617040438033988));
  CHECK(json.at("arms")[1].at("p_flip").is_null());
}
