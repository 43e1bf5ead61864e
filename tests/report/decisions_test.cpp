// SPDX-License-Identifier: Apache-2.0
// Keep, discard or crash: what the test decides of each arm, as agents read it.
#include "report/decisions.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/text.h"
#include "report/sweep_tables.h"
#include "support/csv.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Makes a run of a sweep one that failed.
void fail_run(const MadeUpSweep& sweep, size_t run, const std::string& reason) {
  write_file(sweep.path / sweep.plan.runs[run].folder / "summary.json",
             Json({{"status", "failed"}, {"fail_reason", reason}}).dump());
}

/// The decisions on all arms, with spaces between; "-" for one that is open.
std::string decisions(const MadeUpSweep& sweep) {
  Ablation ablation = analyze(sweep.plan, sweep.path);
  std::string text;
  for (const ArmRow& arm : ablation.arms) {
    std::string_view name = name_of(decision_on(ablation, arm));
    text += (text.empty() ? "" : " ") + std::string(name.empty() ? "-" : name);
  }
  return text;
}

}  // namespace

TEST_CASE("what is significantly better is kept, what is not or is worse is discarded", "[report]") {
  // SDs of 0.001 and differences of -0.1, -0.0002 and +0.1 leave no doubt of what Dunnett's test says.
  MadeUpSweep sweep(
      {{1.500, 1.501, 1.502}, {1.400, 1.401, 1.402}, {1.4998, 1.5008, 1.5018}, {1.6, 1.601, 1.602}});
  CHECK(decisions(sweep) == "keep keep discard discard");
}

TEST_CASE("an arm with a failed run crashed, and one with runs to come is open", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501}, {1.400, 1.401}, {1.400, kUnknown}});
  CHECK(decisions(sweep) == "keep keep -");
  fail_run(sweep, 3, "loss is nan\tat step 7");
  CHECK(decisions(sweep) == "keep crash -");
  TextTable table = decisions_table(analyze(sweep.plan, sweep.path));
  REQUIRE(table.rows.size() == 2);
  CHECK(column(table, 1, "status") == "crash");
  CHECK_THAT(table.tsv(), Catch::Contains("seed 1: loss is nan\\tat step 7\n"));
}

TEST_CASE("one seed proves nothing, so nothing is kept by it", "[report]") {
  MadeUpSweep sweep({{1.5}, {1.0}});
  CHECK(decisions(sweep) == "keep discard");
  CHECK_THAT(decisions_table(analyze(sweep.plan, sweep.path)).tsv(), Catch::Contains("not tested, 1 seed\n"));
}

TEST_CASE("a claim decides of the arms that it names alone", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.502}, {1.400, 1.401, 1.402}, {1.300, 1.301, 1.302}});
  sweep.plan.claim.emplace();
  sweep.plan.claim->arms = {"+c"};
  CHECK(decisions(sweep) == "keep - keep");
  sweep.plan.claim->margin = 0.3;  // more than the arm is better by
  CHECK(decisions(sweep) == "keep - discard");
}

TEST_CASE("the interval in results.tsv is the one of the table", "[report]") {
  // Each interval alone would be narrower, and one leave out 0 where p, adjusted for all arms, is above 0.05.
  MadeUpSweep sweep({{1.50, 1.53, 1.52}, {1.49, 1.50, 1.48}, {1.46, 1.48, 1.49}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  TextTable table = readable_table(ablation);
  for (size_t arm : {1, 2}) {
    REQUIRE(ablation.arms[arm].shown.low < ablation.arms[arm].tested.low);
    CHECK_THAT(column(decisions_table(ablation), arm, "description"),
               Catch::Contains(column(table, arm, "95% CI")) && Catch::Contains(column(table, arm, "delta")));
  }
}

TEST_CASE("results.tsv has the columns that agents expect", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.502}, {1.400, 1.401, 1.402}});
  std::filesystem::path file = sweep.path / sweep.plan.runs[4].folder / "summary.json";
  Json summary = Json::parse(read_file(file));
  summary["peak_mem_bytes"] = 2500000000;
  write_file(file, summary.dump());
  write_tables(sweep.plan, sweep.path);
  std::string text = read_file(sweep.path / "results.tsv");
  CHECK(text == render(analyze(sweep.plan, sweep.path), "tsv"));
  std::vector<std::string> lines = split(text, '\n');
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == "commit\tval_bpb\tmemory_gb\tstatus\tdescription");
  CHECK(lines[1] == "c0ffee\t1.50100000\t\tkeep\tmade_up: baseline: baseline, 3 seeds");
  CHECK_THAT(lines[2],
             Catch::StartsWith("c0ffee\t1.40100000\t2.500\tkeep\tmade_up: +a, \"b\": -0.10000 [-0.1"));
  for (const std::string& line : {lines[1], lines[2]}) CHECK(split(line, '\t').size() == 5);
  CHECK(lines[3].empty());
}

TEST_CASE("JSON and ablation.csv tell the decision too", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.502}, {1.400, 1.401, 1.402}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(Json::parse(render(ablation, "json")).at("arms")[1].at("status") == "keep");
  CHECK(column(ablation_table(ablation), 1, "status") == "keep");
}
