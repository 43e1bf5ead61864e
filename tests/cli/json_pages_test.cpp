// SPDX-License-Identifier: Apache-2.0
// results/README.md names every key of the JSON that programs read.
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "support/fixture_logs.h"
#include "support/laboratory.h"
#include "support/made_up_sweep.h"
#include "support/paths.h"
#include "sweep/run_order.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

/// Adds the keys of all objects in a JSON text, but for those below the keys of `opaque`.
void collect_keys(const Json& json, const std::set<std::string>& opaque, std::set<std::string>& keys) {
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) {
    if (json.is_object()) keys.insert(key);
    if (!json.is_object() || !opaque.contains(key)) collect_keys(value, opaque, keys);
  }
}

std::string page() { return read_file(source_folder() / "results/README.md"); }

void check_documented(const std::string& command, const std::string& where,
                      const std::set<std::string>& opaque = {}) {
  Outcome outcome = shell(command);
  INFO(command << ": " << outcome.output);
  REQUIRE(outcome.code == 0);
  std::set<std::string> keys;
  collect_keys(Json::parse(outcome.output), opaque, keys);
  CHECK(keys.size() > 5);
  for (const std::string& key : keys) {
    INFO(key << " in: " << where);
    CHECK(where.find("`" + key + "`") != std::string::npos);
  }
}

/// The row of the page's table of commands that begins with `command`.
std::string row_of(const std::string& command) {
  std::string text = page();
  size_t at = text.find("| `" + command, text.find("| command |"));
  INFO(command);
  REQUIRE(at != std::string::npos);
  return text.substr(at, text.find('\n', at) - at);
}

}  // namespace

TEST_CASE("the page on results names every key of JSON that agents read", "[cli]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.502}, {1.400, 1.401, 1.402}, {1.45, kUnknown, 1.46}});
  sweep.plan.seeds = {0, 1, 2};
  write_plan(sweep.plan, sweep.path);
  std::string folder = sweep.path.string(), text = page();
  size_t table = text.find("`caddie table SWEEP --json`");
  REQUIRE(table != std::string::npos);
  check_documented("table " + folder + " --json", text.substr(table, text.find("| command |") - table));
  check_documented("table " + folder + " --runs --json", row_of("table SWEEP --runs"), {"summary", "record"});
  check_documented("status " + folder + " --json", row_of("status"));
  check_documented("test '" + folder + ":+c' " + folder + ":baseline --json", row_of("test"));
  check_documented("transfer " + folder + " " + folder + " --json", row_of("transfer"));
  check_documented("power --sd 0.01 --json", row_of("power"));
  check_documented("verify " + (fixture_logs() / "learned").string() + " --against " +
                       (fixture_logs() / "rates").string() + " --rules parameter_golf_2026 --json",
                   row_of("verify"));
}

TEST_CASE("the page on results names every key of a plan in JSON", "[cli]") {
  Laboratory& lab = laboratory();
  fs::path file = lab.folder("json.toml");
  write_file(file,
             "base = \"" + lab.experiment().string() +
                 "\"\nseeds = [1, 2]\n[when]\nexclude = [\"budget.steps == 3\"]\n[[axis]]\n"
                 "key = \"budget.steps\"\nvalues = [2, 3, 4]\n[design.baseline]\n\"budget.steps\" = 2\n");
  check_documented("plan " + file.string() + " --json", row_of("plan"));
}

TEST_CASE("the page on results names every column of results.tsv and every order of runs", "[cli]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  sweep.plan.seeds = {0, 1};
  write_plan(sweep.plan, sweep.path);
  Outcome outcome = shell("table " + sweep.path.string() + " --format tsv");
  REQUIRE(outcome.code == 0);
  std::string text = page();
  for (const std::string& column : split(outcome.output.substr(0, outcome.output.find('\n')), '\t'))
    CHECK_THAT(text, Catch::Contains("| `" + column + "` |"));
  for (const std::string& order : names_of_run_orders()) CHECK_THAT(text, Catch::Contains("`" + order + "`"));
}
