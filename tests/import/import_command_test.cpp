// SPDX-License-Identifier: Apache-2.0
// caddie import as a user calls it: what it prints, its JSON, its exit codes, and what other verbs make of
// it.
#include <catch2/catch.hpp>

#include "base/files.h"
#include "base/json.h"
#include "support/fixture_logs.h"
#include "support/laboratory.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("one command makes a table with p values of a folder of logs", "[import]") {
  TemporaryFolder folder;
  Outcome outcome = shell("import " + in_shell_quotes(fixture_logs() / "rates") + " --into " +
                          in_shell_quotes(folder / "rates"));
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.output, Contains("6 runs added, 6 in 2 arms") && Contains("0 not understood") &&
                                 Contains("matrix_lr=0.02  3  1.18231") && Contains(".0048*"));
  std::string sweep = (folder / "rates").string();
  Outcome test =
      shell("test '" + sweep + ":matrix_lr=0.04' '" + sweep + ":matrix_lr=0.02' --test satterthwaite --json");
  CHECK(test.code == 0);
  CHECK(Json::parse(test.output)["p"].get<double>() == Approx(0.002509908838736).epsilon(1e-9));
  CHECK(shell("table " + in_shell_quotes(folder / "rates")).code == 0);
  CHECK(shell("report " + in_shell_quotes(folder / "rates")).code == 0);
  CHECK(shell("status " + in_shell_quotes(folder / "rates")).code == 0);
}

TEST_CASE("the JSON of an import holds runs with their stages, arms and notes", "[import]") {
  TemporaryFolder folder;
  Outcome outcome = shell("import " + in_shell_quotes(fixture_logs() / "learned") + " --json --into " +
                          in_shell_quotes(folder / "out"));
  REQUIRE(outcome.code == 0);
  Json json = Json::parse(outcome.output);
  CHECK((json["runs"].size() == 3 && json["notes"].empty() && json["arms"].size() == 1));
  CHECK(json["arms"][0]["pooled"] == true);
  const Json& run = json["runs"][0];
  CHECK(run["summary"]["scores"]["ttt"]["val_bpb"] == 1.08190417);
  CHECK(run["line_counts"]["unknown"] == 0);
  CHECK(run["settings"]["ema_decay"] == "0.99");
}

TEST_CASE("exit codes tell files that were not read, nothing to read, and arms that are not to be pooled",
          "[import]") {
  TemporaryFolder folder;
  std::string text = log_text("rates/slow_seed11.log");
  folder.write("logs/a.log", text);
  folder.write("logs/b.log", text + "lorem ipsum\n");
  folder.write("junk.log", "lorem ipsum\n");
  Outcome twice =
      shell("import " + in_shell_quotes(folder / "logs") + " --into " + in_shell_quotes(folder / "twice"));
  CHECK(twice.code == 0);
  CHECK_THAT(twice.output, Contains("1 not understood") && Contains("b.log:28: lorem ipsum") &&
                               Contains("seed 11 was run 2 times"));
  Outcome test = shell("test '" + (folder / "twice").string() + ":logs' 1.2");
  CHECK(test.code == 2);
  CHECK_THAT(test.output, Contains("not to be pooled"));
  Outcome part = shell("import " + in_shell_quotes(fixture_logs() / "rates") + " " +
                       in_shell_quotes(folder / "junk.log") + " --into " + in_shell_quotes(folder / "part"));
  CHECK(part.code == 1);
  CHECK_THAT(part.output, Contains("6 runs added") && Contains("1 files were not read"));
  CHECK(shell("import " + in_shell_quotes(folder / "junk.log") + " --into " + in_shell_quotes(folder / "x"))
            .code == 2);
  CHECK(shell("import " + in_shell_quotes(folder / "logs") + " --arm a:b --into " +
              in_shell_quotes(folder / "x"))
            .code == 2);
  CHECK(shell("import").code == 2);
}

TEST_CASE("verbs that would train, evaluate or export refuse imported runs", "[import]") {
  TemporaryFolder folder;
  REQUIRE(shell("import " + in_shell_quotes(fixture_logs() / "rates") + " --into " +
                in_shell_quotes(folder / "rates"))
              .code == 0);
  std::string run = in_shell_quotes(folder / "rates/runs/matrix_lr=0.02-s11");
  for (const std::string& wrong :
       {"retry " + in_shell_quotes(folder / "rates"), "sweep " + in_shell_quotes(folder / "rates"),
        "rerun " + run, "eval " + run, "export " + run + " --weights x.safetensors"}) {
    Outcome outcome = shell(wrong);
    INFO(wrong << ": " << outcome.output);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.output, Contains("imported"));
  }
}
