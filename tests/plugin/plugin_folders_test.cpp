// SPDX-License-Identifier: Apache-2.0
// Where plugins are looked for: the program's own folder, ./plugins, CADDIE_PLUGINS, and what an experiment
// names.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/hash.h"
#include "plugin/own_folder.h"
#include "plugin/registry.h"
#include "results/run_folder.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// Puts a plugin of every build into a folder, under another name.
void put(const fs::path& folder, const std::string& name, const char* original = "averagers/ema") {
  fs::create_directories(folder);
  fs::copy_file(Registry::own_folder() / (std::string(original) + ".so"), folder / (name + ".so"));
}

/// An experiment on the laboratory's, with more lines before it.
void write_experiment(const fs::path& file, const std::string& lines) {
  write_file(file, lines + "extends = \"" + laboratory().experiment().string() +
                       "\"\n[train.averager]\nuse = \"mine\"\nallow_no_effect = true\n");
}

/// The key of the run that an experiment describes, which it would be written under.
std::string key_of_run(const std::string& experiment, const std::string& output) {
  Outcome run = shell("run " + experiment + " -S budget.steps=2 --output " + output);
  INFO(run.output);
  REQUIRE(run.code == 0);
  std::optional<RunRecord> record = read_run_record(output);
  REQUIRE(record);
  std::pair<std::string, std::string> used = {"mine",
                                              sha256_file(Registry::own_folder() / "averagers/ema.so")};
  CHECK(std::count(record->plugins.begin(), record->plugins.end(), used) == 1);
  return record->key;
}

}  // namespace

TEST_CASE("CADDIE_PLUGINS names several folders, each of which must be there", "[plugin]") {
  OwnFolder folder;
  put("a", "one");
  put("b/averagers", "two");
  put("plugins", "three");
  {
    Variable folders("CADDIE_PLUGINS", "a:b:plugins");
    CHECK_THAT(shell("plugin list").output, Contains(" one  ") && Contains(" two  ") && Contains(" three  "));
  }
  CHECK_THAT(shell("plugin list").output, !Contains(" one  ") && Contains(" three  "));
  Variable missing("CADDIE_PLUGINS", "a:nowhere");
  Outcome refused = shell("plugin list");
  CHECK(refused.code == 2);
  CHECK_THAT(refused.output, Contains("CADDIE_PLUGINS names nowhere: there is no such folder"));
}

TEST_CASE("two plugins of one name in any folders are refused, with both paths", "[plugin]") {
  OwnFolder folder;
  put("plugins/averagers", "one");
  put("a", "one");
  Variable folders("CADDIE_PLUGINS", "a");
  Outcome refused = shell("plugin list");
  CHECK(refused.code == 4);
  CHECK_THAT(refused.output, Contains("two plugins are called 'one': a/one.so and plugins/averagers/one.so"));
}

TEST_CASE("an experiment names folders relative to its file, and what is recorded is found from elsewhere",
          "[plugin]") {
  OwnFolder folder;
  put("lab/mine", "mine");
  write_experiment("lab/one.toml", "plugins = [\"mine\"]\n");
  std::string key = key_of_run("lab/one.toml", "one");
  CHECK(shell("eval one").code == 0);
  CHECK(shell("artifact inspect one/artifact.bin").code == 0);
  CHECK(shell("rerun one").code == 0);

  // The same bytes in another folder are the same plugin; other bytes are another one.
  fs::create_directory("elsewhere");
  fs::rename("lab/mine/mine.so", "elsewhere/mine.so");
  write_experiment("lab/two.toml", "plugins = [\"../elsewhere\"]\n");
  CHECK(key_of_run("lab/two.toml", "two") == key);
  fs::remove("elsewhere/mine.so");
  put("elsewhere", "mine", "averagers/swa");
  Outcome other = shell("run lab/two.toml -S budget.steps=2 --output three");
  INFO(other.output);
  CHECK(other.code == 0);
  CHECK(read_run_record("three")->key != key);

  write_experiment("lab/three.toml", "title = \"x\"\nplugins = [\"../elsewhere\", \"nowhere\"]\n");
  Outcome missing = shell("explain lab/three.toml");
  CHECK(missing.code == 2);
  CHECK_THAT(missing.output, Contains("lab/nowhere: there is no such folder") && Contains("three.toml:2:28"));
}

TEST_CASE("arms of a sweep find the plugins of the working folder and of the experiment", "[plugin]") {
  OwnFolder folder;
  put("plugins", "mine");
  put("lab/more", "other", "averagers/swa");
  write_experiment("lab/one.toml", "plugins = [\"more\"]\n");
  write_file("lab/sweep.toml", R"(
base = "one.toml"
seeds = [1]
[design]
kind = "grid"
[[axis]]
key = "train.averager.use"
values = ["mine", "other"]
[[axis]]
key = "budget.steps"
values = [2]
)");
  Outcome swept = shell("sweep lab/sweep.toml -j 1");
  INFO(swept.output);
  CHECK(swept.code == 0);
  CHECK_THAT(swept.output, Contains("2 of 2 runs done") && Contains("use=other"));
}
