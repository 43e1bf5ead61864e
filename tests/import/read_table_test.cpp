// SPDX-License-Identifier: Apache-2.0
// Tables and submission files as runs, and what is wrong with those that do not fit.
#include "import/read_table.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>

#include "import/read_submission.h"

using namespace caddie;
using Catch::Contains;

namespace {

std::vector<ForeignRun> table(const std::string& text, const std::vector<std::string>& columns = {},
                              char separator = ',') {
  ForeignSource source;
  source.file = "runs.csv";
  return read_table(text, separator, source, column_names(columns));
}

std::vector<ForeignRun> submission(const std::string& text) {
  ForeignSource source;
  source.file = "submission.json";
  return read_submission(text, source);
}

}  // namespace

TEST_CASE("rows of a table are cells, in quotes where they must be", "[import]") {
  using Rows = std::vector<std::vector<std::string>>;
  CHECK(table_rows("a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\n", ',') == Rows{{"a", "b"}, {"1", "x, \"y\"\nz"}});
  CHECK(table_rows("\xef\xbb\xbf"
                   "a\tb",
                   '\t') == Rows{{"a", "b"}});
  CHECK_THROWS_WITH(table_rows("a,\"b\n", ','), Contains("not closed"));
}

TEST_CASE("columns that Caddie knows are numbers, others are settings", "[import]") {
  std::vector<ForeignRun> runs = table(
      "seed,arm,val_bpb,artifact_bytes,lr,note\n1,base,1.25,\"15,000,000\",0.1,\n2,base,1.5,,0.1,odd\n");
  REQUIRE(runs.size() == 2);
  CHECK((runs[0].seed == 1 && runs[0].arm == "base" && runs[0].artifact_bytes == 15000000));
  CHECK(runs[0].last_score()->bpb == 1.25);
  CHECK(runs[0].settings == Labelled<std::string>{{"lr", "0.1"}});
  CHECK(runs[1].setting("note") == "odd");
  CHECK(runs[1].source.part == 2);
}

TEST_CASE("a column map gives columns their meaning, in CSV and TSV", "[import]") {
  std::vector<ForeignRun> runs =
      table("rng\tfinal\tval_loss\n7\t1.25\t2.5\n", {"val_bpb=final", "seed=rng"}, '\t');
  REQUIRE(runs.size() == 1);
  CHECK((runs[0].seed == 7 && runs[0].last_score()->bpb == 1.25 && runs[0].last_score()->loss == 2.5));
}

TEST_CASE("a table that does not fit is refused with what would fit", "[import]") {
  CHECK_THROWS_WITH(table("seed,score\n1,2\n"),
                    Contains("no column is called val_bpb") && Contains("seed, score"));
  CHECK_THROWS_WITH(table("seed,val_bpb\n1,2\n", {"seed=sed"}),
                    Contains("no column 'sed'") && Contains("'seed'"));
  CHECK_THROWS_WITH(table("seed,val_bpb\n1,x\n"),
                    Contains("row 2") && Contains("'x' is no number for val_bpb"));
  CHECK_THROWS_WITH(table("seed,val_bpb\n-1,2\n"), Contains("no number for seed"));
  CHECK_THROWS_WITH(table("seed,val_bpb\n1,2,3\n"), Contains("row 2 has 3 cells"));
  CHECK_THROWS_WITH(table("seed,val_bpb\n"), Contains("no rows"));
  CHECK_THROWS_WITH(column_names({"val_bpb"}), Contains("NAME=COLUMN"));
  CHECK_THROWS_WITH(column_names({"val_bbp=x"}),
                    Contains("no number is called 'val_bbp'") && Contains("val_bpb"));
}

TEST_CASE("a submission file has a run for each seed, whatever the member is called", "[import]") {
  std::vector<ForeignRun> runs = submission(
      R"({"name": "x", "val_bpb": 1.2, "results_by_seed": {"42": {"val_bpb": 1.25, "val_loss": 2.5, "bytes_total": 15000001, "train_time_ms": 599000}, "seed_7": {"val_bpb": 1.5}}})");
  REQUIRE(runs.size() == 2);
  CHECK((runs[0].seed == 42 && runs[0].last_score()->bpb == 1.25 && runs[0].last_score()->loss == 2.5));
  CHECK((runs[0].artifact_bytes == 15000001 && runs[0].training.seconds == 599.0));
  CHECK(runs[1].seed == 7);
  runs = submission(R"({"runs": [{"seed": 1, "val_bpb": 1.25}, {"seed": 2, "val_bpb": 1.5}]})");
  CHECK((runs.size() == 2 && runs[1].seed == 2));
  runs = submission(R"({"seeds": {"1": 1.25, "2": 1.5}})");
  CHECK((runs.size() == 2 && runs[1].last_score()->bpb == 1.5));
}

TEST_CASE("a submission file without results by seed is one run", "[import]") {
  std::vector<ForeignRun> runs = submission(
      R"({"seeds": [1, 2], "val_loss": 2.06, "val_bpb": 1.21, "bytes_total": 15863068, "bytes_code": 48140})");
  REQUIRE(runs.size() == 1);
  CHECK_FALSE(runs[0].seed);
  CHECK((runs[0].artifact_bytes == 15863068 && runs[0].code_bytes == 48140));
  CHECK_THROWS_WITH(submission("{}"), Contains("no val_bpb"));
  CHECK_THROWS_WITH(submission("[1]"), Contains("no JSON object"));
}
