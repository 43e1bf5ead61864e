// SPDX-License-Identifier: Apache-2.0
// Files of rules: those that are shipped, and what is wrong with one.
#include "submission/rules.h"

#include <catch2/catch.hpp>

#include "support/temporary_folder.h"

using namespace caddie;
using Catch::Contains;

namespace {

/// What reading a text of rules says is wrong.
std::string fault(const std::string& text) {
  TemporaryFolder folder;
  try {
    read_rules(folder.write("mine.toml", text));
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the shipped rules are found by their names and say what the contests do", "[submission]") {
  Rules golf = read_rules(rules_file("parameter_golf_2026"));
  CHECK(golf.name == "parameter_golf_2026");
  CHECK((golf.bytes.limit_bytes == 16000000 && golf.time.train_seconds == 600 &&
         golf.time.eval_seconds == 600));
  CHECK((golf.runs.min_seeds == 3 && golf.significance->margin_nats == 0.005 &&
         golf.significance->alpha == 0.01));
  CHECK((golf.data.shards.at("CaseOps") == 80 && golf.form.fields.at("bytes").size() > 1));
  Rules leaderboard = read_rules(rules_file("parameter_golf_2026_leaderboard"));
  CHECK((leaderboard.significance->margin_nats == 0 && leaderboard.significance->alpha == 0.25));
  CHECK((leaderboard.bytes.limit_bytes == 16000000 && leaderboard.form.claims));
  Rules speedrun = read_rules(rules_file("modded_nanogpt"));
  CHECK((speedrun.significance->target == 3.28 && speedrun.significance->test == "one_sample"));
  CHECK((speedrun.bytes.limit_bytes == 0 && speedrun.time.beat_record));
}

TEST_CASE("rules that do not exist are answered with those that do", "[submission]") {
  CHECK_THROWS_WITH(rules_file("modded_nanogp"), Contains("did you mean 'modded_nanogpt'"));
  CHECK_THROWS_WITH(rules_file("nowhere/rules.toml"), Contains("nowhere/rules.toml"));
}

TEST_CASE("a file of rules asks only what it names", "[submission]") {
  TemporaryFolder folder;
  Rules rules = read_rules(folder.write("mine.toml", "[bytes]\nlimit_bytes = \"16MB\"\n"));
  CHECK(rules.bytes.limit_bytes == 16000000);
  CHECK((!rules.significance && rules.time.train_seconds == 0 && rules.form.files.empty()));
}

TEST_CASE("what is wrong with rules is shown at its place", "[submission]") {
  CHECK_THAT(fault("[bytes]\nlimit_byte = 1\n"),
             Contains("did you mean 'limit_bytes'") && Contains("mine.toml:2"));
  CHECK_THAT(fault("[byte]\nlimit_bytes = 1\n"), Contains("did you mean 'bytes'"));
  CHECK_THAT(fault("[significance]\nalpha = 0.6\n"), Contains("0.49"));
  CHECK_THAT(fault("[significance]\ntest = \"student\"\n"), Contains("one_sample"));
  CHECK_THAT(fault("[significance]\ntest = \"one_sample\"\n"), Contains("target"));
  CHECK_THAT(fault("[significance]\ntarget = 3.28\n"), Contains("one_sample"));
  CHECK_THAT(fault("[form.fields]\nauthor = 3\n"), Contains("array of strings"));
  CHECK_THAT(fault("[data.shards]\nSP1024 = 0\n"), Contains("at least 1"));
}
