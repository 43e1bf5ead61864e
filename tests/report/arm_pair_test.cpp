// SPDX-License-Identifier: Apache-2.0
// Which runs of two arms pair up, and which test applies.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "base/exit_code.h"
#include "report/compare_arms.h"

using namespace caddie;

namespace {

FinishedArm arm_of(const char* sweep, std::map<int64_t, double> values, Trainings trainings) {
  return {sweep, std::move(values), std::move(trainings), {1e-4, 6}};
}

ExitCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return ExitCode(error.code());
  }
  return kFine;
}

}  // namespace

TEST_CASE("arms share their trainings when they do for every seed that both have finished", "[report]") {
  Trainings base = {{1, "a"}, {2, "b"}, {3, "c"}};
  CHECK(share_trainings(base, base));
  CHECK(share_trainings({{2, "b"}}, base));
  CHECK(share_trainings({{2, "b"}, {9, "z"}}, base));  // seed 9 has no partner
  CHECK_FALSE(share_trainings({{1, "a"}, {2, "x"}}, base));
  CHECK_FALSE(share_trainings({{9, "a"}}, base));  // the same name under another seed is no pair
  CHECK_FALSE(share_trainings({{1, ""}}, {{1, ""}}));
  CHECK_FALSE(share_trainings({}, base));
}

TEST_CASE("the usual test goes by trainings first, then by sweeps", "[report]") {
  CHECK(usual_test(true, true) == "paired_checkpoint");
  CHECK(usual_test(true, false) == "paired_checkpoint");
  CHECK(usual_test(false, true) == "pooled");
  CHECK(usual_test(false, false) == "welch");
}

TEST_CASE("values pair up by seed, in the order of the seeds", "[report]") {
  SeedPairs pairs = pairs_of({{{3, 1.3}, {1, 1.1}, {5, 1.5}}, {{1, 2.1}, {2, 2.2}, {3, 2.3}}});
  CHECK(pairs.seeds == std::vector<int64_t>{1, 3});
  CHECK(pairs.arm == std::vector<double>{1.1, 1.3});
  CHECK(pairs.baseline == std::vector<double>{2.1, 2.3});
}

TEST_CASE("each test is that of statistics on the same numbers", "[report]") {
  ArmPair pair{{{1, 1.0}, {2, 1.2}, {3, 1.1}}, {{1, 1.3}, {2, 1.4}, {3, 1.5}}, true, {0.01, 8}, 1.25};
  std::vector<double> a = {1.0, 1.2, 1.1}, b = {1.3, 1.4, 1.5};
  Sample arm = summarize(a), base = summarize(b);
  CHECK(run_test("pooled", pair, {}).p == pooled_test(arm, base, {0.01, 8}, {}).p);
  CHECK(run_test("welch", pair, {}).p == welch_test(arm, base, {}).p);
  CHECK(run_test("one_sample", pair, {}).p == one_sample_test(arm, 1.25, {}).p);
  CHECK(run_test("paired_seed", pair, {}).p == paired_test(a, b, {}).p);
  CHECK(run_test("paired_checkpoint", pair, {}).p == paired_test(a, b, {}).p);
  CHECK(run_test("paired_checkpoint", pair, {}).test == "paired_checkpoint");
  pair.same_trainings = false;
  CHECK(std::isnan(run_test("paired_checkpoint", pair, {}).p));
  CHECK(std::isfinite(run_test("paired_seed", pair, {}).p));
  CHECK_THROWS_WITH(run_test("sign", pair, {}), Catch::Contains("test 'sign'"));
}

TEST_CASE("two arms are compared as their runs allow", "[report]") {
  FinishedArm base = arm_of("s", {{1, 1.3}, {2, 1.4}, {3, 1.5}}, {{1, "a"}, {2, "b"}, {3, "c"}});
  FinishedArm same = arm_of("s", {{1, 1.2}, {2, 1.31}, {3, 1.4}}, base.trainings);
  FinishedArm apart = arm_of("s", same.values, {{1, "x"}, {2, "y"}, {3, "z"}});
  FinishedArm elsewhere = arm_of("other", same.values, apart.trainings);
  CHECK(compare_arms(same, base, "auto", {}).test == "paired_checkpoint");
  CHECK(compare_arms(apart, base, "auto", {}).test == "pooled");
  CHECK(compare_arms(elsewhere, base, "auto", {}).test == "welch");
  CHECK(compare_arms(same, base, "paired_seed", {}).test == "paired_seed");
  CHECK(compare_arms(same, base, "pooled", {}).df == 6);  // the sweep's own
  CHECK(code_of([&] { compare_arms(apart, base, "paired_checkpoint", {}); }) == kUsage);
  CHECK(code_of([&] { compare_arms(elsewhere, base, "pooled", {}); }) == kUsage);
}

TEST_CASE("an arm with more seeds than the baseline is compared on those that both have", "[report]") {
  FinishedArm base = arm_of("s", {{1, 1.3}, {2, 1.4}}, {{1, "a"}, {2, "b"}});
  FinishedArm more = arm_of("s", {{1, 1.2}, {2, 1.31}, {3, 9.0}}, {{1, "a"}, {2, "b"}, {3, "c"}});
  Comparison c = compare_arms(more, base, "auto", {});
  CHECK(c.test == "paired_checkpoint");
  CHECK(c.df == 1);
  CHECK(c.delta == Approx(-0.095));
}

TEST_CASE("a number has no noise", "[report]") {
  FinishedArm arm = arm_of("s", {{1, 1.2}, {2, 1.4}}, {});
  Comparison c = compare_with_number(arm, 1.0, {});
  CHECK(c.test == "one_sample");
  CHECK(c.delta == Approx(0.3));
  CHECK(c.df == 1);
}
