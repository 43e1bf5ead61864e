// SPDX-License-Identifier: Apache-2.0
#include "parity/parity.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "parity/case.h"

using namespace caddie;
using namespace caddie::parity;

namespace {

const std::filesystem::path kCases = CADDIE_SOURCE_DIR "/tests/parity";

struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("caddie_parity_test" + std::to_string(::getpid()));
  Folder() { std::filesystem::remove_all(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

const UpstreamTable& upstream() {
  static const UpstreamTable table(kCases / "upstream.toml");
  return table;
}

Registry& registry() {
  static Registry registry;
  return registry;
}

/// A copy of a case, in which `from` reads `to` in case.json.
std::filesystem::path altered(const Folder& folder, const std::string& name, const std::string& from,
                              const std::string& to) {
  std::filesystem::path copy = folder.path / name;
  std::filesystem::create_directories(folder.path);
  std::filesystem::copy(kCases / name, copy);
  std::string text = read_file(copy / "case.json");
  size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  write_file(copy / "case.json", text.replace(at, from.size(), to));
  return copy;
}

UpstreamTable table_of(const Folder& folder, const std::string& text) {
  write_file(folder.path / "table.toml", text);
  return UpstreamTable(folder.path / "table.toml");
}

}  // namespace

TEST_CASE("Caddie computes what upstream's code computed", "[parity]") {
  for (const std::filesystem::path& path : find_cases(kCases)) {
    Result result = run_case(path, registry(), upstream());
    INFO(result.name << ": " << result.reason);
    CHECK(name_of(result.status) == "PASS");
  }
}

TEST_CASE("no case of the large collection fails", "[parity]") {
  std::filesystem::path all = CADDIE_SOURCE_DIR "/../shared/parity";
  if (!std::filesystem::exists(all)) {
    WARN("skipped: " << all << " is not here");
    return;
  }
  for (const std::filesystem::path& path : find_cases(all)) {
    Result result = run_case(path, registry(), upstream());
    INFO(result.name << ": " << result.reason);
    CHECK(name_of(result.status) != "FAIL");
  }
}

TEST_CASE("a wrong result fails, with what was wrong", "[parity]") {
  Folder folder;
  Result loss = run_case(altered(folder, "ts_baseline", "\"loss_per_step\": [", "\"loss_per_step\": [1, "),
                         registry(), upstream());
  CHECK(name_of(loss.status) == "FAIL");
  CHECK_THAT(loss.reason, Catch::Contains("loss_per_step at step"));
  Result slope = run_case(altered(folder, "fb_smear_gate", "\"relu2\"", "\"leaky_relu_0.5_squared\""),
                          registry(), upstream());
  CHECK(name_of(slope.status) == "FAIL");
  Result bits = run_case(altered(folder, "q_int6_per_row", "\"clip_range\": 31", "\"clip_range\": 15"),
                         registry(), upstream());
  CHECK(name_of(bits.status) == "FAIL");
  CHECK_THAT(bits.reason, Catch::Contains("differ"));
  Result missing = run_case(folder.path / "nothing", registry(), upstream());
  CHECK(name_of(missing.status) == "FAIL");
  CHECK_THAT(missing.reason, Catch::Contains("nothing/case.json"));
}

TEST_CASE("what Caddie lacks is skipped and named", "[parity]") {
  Folder folder;
  auto skipped = [&](const std::string& name, const std::string& from, const std::string& to,
                     const char* words) {
    std::filesystem::remove_all(folder.path);
    Result result = run_case(altered(folder, name, from, to), registry(), upstream());
    CHECK(name_of(result.status) == "SKIP");
    CHECK_THAT(result.reason, Catch::Contains(words));
  };
  skipped("av_ema", "\"kind\": \"averagers\"", "\"kind\": \"tea_leaves\"", "kind 'tea_leaves'");
  skipped("av_ema", "\"ema_decay\"", "\"soup\": 7, \"ema_decay\"", "covers soup = 7");
  skipped("fb_smear_gate", "\"relu2\"", "\"swish\"", "mlp_activation = \"swish\"");
  skipped("hash_ids", "\"bigram_vocab_sizes\"", "\"salt\": 3, \"bigram_vocab_sizes\"",
          "unknown key 'salt' = 3");
  Registry empty(std::vector<std::filesystem::path>{});
  Result result = run_case(kCases / "av_ema", empty, upstream());
  CHECK(name_of(result.status) == "SKIP");
  CHECK_THAT(result.reason, Catch::Contains("no plugin 'ema'"));
}

TEST_CASE("a training follows the clock of its case", "[parity]") {
  // One second a step in a budget of twelve: the descent of the case by steps, now by the clock.
  Folder folder;
  std::string clock = "\"elapsed_ms_per_step\": [0,1e3,2e3,3e3,4e3,5e3,6e3,7e3,8e3,9e3,10e3,11e3]";
  std::filesystem::path copy = altered(folder, "ts_baseline", "\"elapsed_ms_per_step\": null", clock);
  std::string text = read_file(copy / "case.json"), budget = "\"max_wallclock_seconds\": 0.0";
  size_t at = text.find(budget);
  REQUIRE(at != std::string::npos);
  write_file(copy / "case.json", text.replace(at, budget.size(), "\"max_wallclock_seconds\": 12.0"));
  Result result = run_case(copy, registry(), upstream());
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");

  std::string late = read_file(copy / "case.json");
  at = late.find("3e3");
  write_file(copy / "case.json", late.replace(at, 3, "9e3"));
  CHECK(name_of(run_case(copy, registry(), upstream()).status) == "FAIL");
}

TEST_CASE("cases are found at and below a folder", "[parity]") {
  CHECK(find_cases(kCases / "av_ema").size() == 1);
  std::vector<std::filesystem::path> all = find_cases(kCases);
  CHECK(all.size() >= 8);
  CHECK(std::is_sorted(all.begin(), all.end()));
  CHECK_THROWS_WITH(find_cases(kCases / "missing"), Catch::Contains("no such folder"));
  Folder folder;
  std::filesystem::create_directories(folder.path);
  CHECK_THROWS_WITH(find_cases(folder.path), Catch::Contains("no case.json"));
}

TEST_CASE("rules turn facts into an experiment", "[parity]") {
  Folder folder;
  UpstreamTable table = table_of(folder, R"(
    [[rule]]
    when = { mode = ["a", "b"], big = true }
    ignore = ["unused"]
    set = "x.first = {list.1}, {word}, { y = 1 }"
    [[rule]]
    unless.size = 0
    given = ["size"]
    absent = ["other"]
    set = ";size {size}"
    [[rule]]
    when.size = 0
  )");
  Facts facts = {{"mode", "b"}, {"big", true}, {"unused", 1}, {"list", {1, 2.5}}, {"word", "w"}, {"size", 3}};
  CHECK(table.experiment(facts, {}) == "x.first = 2.5, \"w\", { y = 1 }\n;size 3\n");
  facts["size"] = 0.0;
  CHECK(table.experiment(facts, {}) == "x.first = 2.5, \"w\", { y = 1 }\n");
  facts["size"] = 3;
  CHECK_THROWS_WITH(table.experiment(facts, {{"other", 1}}), Catch::Contains("covers size = 3"));
  facts["mode"] = "c";
  CHECK_THROWS_WITH(table.experiment(facts, {}),
                    Catch::Contains("mode = \"c\"") && Catch::Contains("unused = 1"));
  facts["mode"] = "a";
  facts.erase("word");
  CHECK_THROWS_WITH(table.experiment(facts, {}), Catch::Contains("wants the fact 'word'"));
}

TEST_CASE("a malformed table of rules points at the place", "[parity]") {
  Folder folder;
  CHECK_THROWS_WITH(table_of(folder, "[rules]\n"),
                    Catch::Contains("table.toml:1") && Catch::Contains("[[rule]]"));
  CHECK_THROWS_WITH(table_of(folder, "[[rule]]\nwhenn.x = 1\n"),
                    Catch::Contains("table.toml:2") && Catch::Contains("a rule has when"));
  CHECK_THROWS_WITH(table_of(folder, "[[rule]]\ngiven = [1]\n"), Catch::Contains("is a string"));
}

TEST_CASE("the worst comparison decides", "[parity]") {
  Verdict verdict;
  CHECK_FALSE(verdict.passed());  // nothing compared is no success
  verdict.within("a", 0.5, 1);
  verdict.within("b", 2, 10);
  CHECK(verdict.passed());
  CHECK(verdict.error() == 0.5);
  verdict.equal("c", std::vector<int>{1, 2}, std::vector<int>{1, 3});
  verdict.within("d", 100, 1);
  CHECK_FALSE(verdict.passed());
  CHECK(verdict.reason() == "c: 1 differ");
  Verdict with_nan;
  with_nan.within("e", NAN, 1);
  CHECK_FALSE(with_nan.passed());
  std::vector<float> got = {1, NAN, 3};
  std::vector<double> wanted = {1, 2, 3};
  CHECK(std::isnan(largest_difference(got, wanted)));
  CHECK(std::isinf(largest_difference(got, std::vector<double>{1})));
}
