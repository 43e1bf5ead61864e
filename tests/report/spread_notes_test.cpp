// SPDX-License-Identifier: Apache-2.0
// What is said where SDs differ, or arms have none: below a table and behind a test of two arms.
#include <catch2/catch.hpp>

#include "base/text.h"
#include "report/compare_arms.h"
#include "report/sweep_tables.h"
#include "support/csv.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

std::string told(const MadeUpSweep& sweep) { return join(analyze(sweep.plan, sweep.path).notes, "\n"); }

/// Returns the notes on a test of two arms of a sweep.
std::string told_of_test(const MadeUpSweep& sweep, const std::string& a, const std::string& b,
                         const std::string& test) {
  Plan plan = sweep.plan;
  for (const PlannedRun& run : plan.runs)
    if (run.arm == 0) plan.seeds.push_back(run.seed);
  write_plan(plan, sweep.path);
  FinishedArm arm = finished_arm(sweep.path, a, kBpb.name), baseline = finished_arm(sweep.path, b, kBpb.name);
  return join(notes_on_test(compare_arms(arm, baseline, test, {}), arm, baseline, {}), "\n");
}

const std::string kSecond = "+a, \"b\"";  // the name of the second arm

}  // namespace

TEST_CASE("an arm without any spread beside one that has some is told", "[report]") {
  MadeUpSweep sweep({{1.9, 1.9, 1.9, 1.9, 1.9}, {1.85, 1.95, 1.82, 1.88, 1.90}});
  // numpy.std(arm, ddof=1) is 0.049497.
  const std::string differ = "SDs differ: 0.04950 in " + kSecond + ", 0.00000 in baseline; ";
  const std::string alike =
      "alike: baseline: one val_bpb at all seeds, so p rests on the spread of other arms alone";
  CHECK_THAT(told(sweep), Contains(differ) && Contains("welch p") && Contains(alike));
  CHECK_THAT(told_of_test(sweep, kSecond, "baseline", "auto"),
             Contains(differ) && Contains("with --test welch\n" + alike));
  CHECK(told_of_test(sweep, kSecond, "baseline", "welch") == alike);
}

TEST_CASE("a test that rests on nearly no spread says whose it is", "[report]") {
  MadeUpSweep sweep({{1.913, 1.913, 1.913}, {1.903, 1.903, 1.903}, {1.913001, 1.913001, 1.913002}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].significant);
  TextTable table = readable_table(ablation);
  CHECK(column(table, 1, "welch p").empty());  // Neither it nor the baseline has any spread of its own.
  CHECK_FALSE(column(table, 2, "welch p").empty());
  // numpy.std(third, ddof=1) is 5.77e-07, and pooled over the three arms 3.33e-07.
  CHECK_THAT(join(ablation.notes, "\n"),
             Contains("noise: SD 3.33e-07 bpb") &&
                 Contains("SDs differ: 5.77e-07 in +c, 0.00000 in baseline") &&
                 Contains("alike: baseline, " + kSecond + ": one val_bpb at all seeds"));
  CHECK_THAT(told_of_test(sweep, kSecond, "baseline", "pooled"),
             Contains("SDs differ: ") && !Contains("--test welch") &&
                 Contains("alike: " + kSecond + ", baseline: one val_bpb"));
  CHECK(told_of_test(sweep, kSecond, "baseline", "welch").empty());  // It has no p.
}

TEST_CASE("SDs that are alike are no matter for a note", "[report]") {
  MadeUpSweep sweep({{1.5, 1.51, 1.52}, {1.5, 1.53, 1.54}});
  CHECK_THAT(told(sweep), !Contains("SDs differ") && !Contains("alike: "));
  CHECK(told_of_test(sweep, kSecond, "baseline", "pooled").empty());
}
