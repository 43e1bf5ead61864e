// SPDX-License-Identifier: Apache-2.0
// The share of the machine that runs get, without running any.
#include "sweep/machine_share.h"

#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "process/machine.h"

using namespace caddie;

namespace {

Plan frozen_plan(int jobs, int threads) {
  Plan plan;
  plan.name = "timed";
  plan.jobs = jobs;
  plan.threads = threads;
  return plan;
}

bool is_share(const Concurrency& share, int jobs, int threads) {
  return share.jobs == jobs && share.threads == threads;
}

}  // namespace

TEST_CASE("a plan that froze nothing takes what is asked for", "[sweep]") {
  CHECK(is_share(timed_share(frozen_plan(0, 0), {1, 1}), 1, 1));
  CHECK(is_share(timed_share(frozen_plan(0, 0), {0, 0}), 1, core_count()));
  CHECK(is_share(timed_share(frozen_plan(0, 0), {core_count(), 0}), core_count(), 1));
}

TEST_CASE("a frozen share holds for later calls, and others are refused", "[sweep]") {
  CHECK(is_share(timed_share(frozen_plan(1, 1), {0, 0}), 1, 1));
  CHECK(is_share(timed_share(frozen_plan(1, 1), {1, 1}), 1, 1));
  Plan elsewhere = frozen_plan(core_count() + 1, 1);  // of a machine with more cores
  CHECK_THROWS_WITH(timed_share(elsewhere, {0, 0}),
                    Catch::StartsWith("timed: its budget is wall-clock time and its plan has -j " +
                                      std::to_string(core_count() + 1) + " --threads 1") &&
                        Catch::Contains("or start over with --fresh"));
  try {
    timed_share(elsewhere, {1, 1});
    FAIL("another share was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == kUsage);
  }
}

TEST_CASE("a measurement is for several trainings on several cores", "[sweep]") {
  CHECK(is_worth_measuring(4, 0, 2));
  CHECK_FALSE(is_worth_measuring(3, 0, 2));
  CHECK_FALSE(is_worth_measuring(100, 0, 1));
  CHECK_FALSE(is_worth_measuring(100, 2, 8));  // the threads were chosen
}

TEST_CASE("jobs that are asked for are taken without a measurement", "[sweep]") {
  Plan plan = frozen_plan(0, 0);
  plan.arms.resize(1);
  RunnerOptions options;
  options.jobs = 7;
  CHECK(choose_share(plan, options).empty());
  CHECK(options.jobs == 7);
}
