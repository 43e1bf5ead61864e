// SPDX-License-Identifier: Apache-2.0
// Arms are the settings that differ, and their labels say so.
#include "import/arms.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>

using namespace caddie;
using Catch::Contains;

namespace {

ForeignRun run(const std::string& folder, Labelled<std::string> settings, std::optional<int64_t> seed = {}) {
  ForeignRun run;
  run.source.folder = folder;
  run.source.file = folder + "/train.log";
  run.settings = std::move(settings);
  run.seed = seed;
  return run;
}

std::vector<std::string> labels(const std::vector<ForeignRun>& runs, const Grouping& grouping = {}) {
  std::vector<std::string> labels;
  for (const ArmGroup& arm : group_runs(runs, grouping)) labels.push_back(arm.label);
  return labels;
}

}  // namespace

TEST_CASE("texts of settings become TOML, equal numbers the same", "[import]") {
  CHECK(toml_of("600.000") == toml_of("600.0"));
  CHECK(toml_of("1e-08") == "1e-08");
  CHECK(toml_of("8") == "8");
  CHECK(toml_of("True") == "true");
  CHECK(toml_of("brotli") == "\"brotli\"");
  CHECK(toml_of("") == "\"\"");
  CHECK(toml_of("nan") == "\"nan\"");
  CHECK(toml_of("[1, 2]") == "\"[1, 2]\"");
}

TEST_CASE("runs of one folder are one arm unless a setting differs", "[import]") {
  CHECK(labels({run("a/one", {{"lr", "0.1"}, {"seed", "1"}}),
                run("a/one", {{"lr", "0.10"}, {"seed", "2"}})}) == std::vector<std::string>{"one"});
  CHECK(labels({run("a/one", {{"lr", "0.1"}, {"d", "4"}}), run("a/one", {{"lr", "0.2"}, {"d", "4"}})}) ==
        std::vector<std::string>{"lr=0.1", "lr=0.2"});
  CHECK(labels({run("a/one", {{"lr", "0.1"}}), run("a/one", {{"lr", "0.1"}, {"gate", "True"}})}) ==
        std::vector<std::string>{"gate=-", "gate=true"});
}

TEST_CASE("folders are arms of their own where one holds several runs", "[import]") {
  std::vector<ForeignRun> runs = {run("x/one", {{"lr", "1"}}), run("x/one", {{"lr", "1"}}),
                                  run("x/two", {{"lr", "1"}}), run("x/two", {{"lr", "2"}})};
  CHECK(labels(runs) == std::vector<std::string>{"one", "two lr=1", "two lr=2"});
  // With a folder for each run, folders tell runs apart and not arms.
  CHECK(labels({run("x/s1", {{"lr", "1"}}), run("x/s2", {{"lr", "1"}}), run("x/s3", {{"lr", "2"}})}) ==
        std::vector<std::string>{"lr=1", "lr=2"});
}

TEST_CASE("what names a run, its files or its process tells no arms apart", "[import]") {
  for (const char* name :
       {"seed", "run_id", "logfile", "data_dir", "tokenizer_path", "val_files", "rank", "wandb_name"})
    CHECK(is_incidental(name));
  for (const char* name : {"matrix_lr", "train_seq_len", "profile", "directory_size"})
    CHECK_FALSE(is_incidental(name));
}

TEST_CASE("a user may name the arm, or the settings to group by", "[import]") {
  std::vector<ForeignRun> runs = {run("x", {{"lr", "1"}, {"d", "4"}}), run("x", {{"lr", "2"}, {"d", "4"}}),
                                  run("x", {{"lr", "2"}, {"d", "8"}})};
  CHECK(labels(runs, {"mine", {}}) == std::vector<std::string>{"mine"});
  CHECK(labels(runs, {"", {"d"}}) == std::vector<std::string>{"d=4", "d=8"});
  CHECK(differing_settings(runs, {0, 1}) == std::vector<std::string>{"lr"});
  CHECK_THROWS_WITH(group_runs(runs, {"", {"lrr"}}),
                    Contains("no run has a setting 'lrr'") && Contains("'lr'"));
}

TEST_CASE("a label has no colon, and no two arms have one label", "[import]") {
  std::vector<std::string> made = labels({run("x", {{"mode", "a:b"}}), run("x", {{"mode", "c:d"}})});
  CHECK(made == std::vector<std::string>{"mode=a_b", "mode=c_d"});
  std::string text(60, 'v');
  made = labels({run("x", {{"mode", text + "1"}}), run("x", {{"mode", text + "2"}})});
  REQUIRE(made.size() == 2);
  CHECK(made[0] != made[1]);
}
