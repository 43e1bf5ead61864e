// SPDX-License-Identifier: Apache-2.0
#include "parity/parity.h"

#include <cmath>

#include "parity/case.h"
#include "parity/made_up_case.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::parity;

TEST_CASE("Caddie computes what upstream's code computed", "[parity]") {
  for (const std::filesystem::path& path : find_cases(kCases)) {
    Result result = run_case(path, registry(), upstream());
    INFO(result.name << ": " << result.reason);
    CHECK(name_of(result.status) == "PASS");
  }
}

TEST_CASE("all cases of the large collections pass", "[parity]") {
  for (const std::string folder : {"parity", "parity-beyond"}) {
    std::filesystem::path all = source_folder() / "../shared" / folder;
    if (!std::filesystem::exists(all)) {
      WARN("skipped: " << all << " is not here");
      continue;
    }
    for (const std::filesystem::path& path : find_cases(all)) {
      Result result = run_case(path, registry(), upstream());
      INFO(result.name << ": " << result.reason);
      CHECK(name_of(result.status) == "PASS");
    }
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
    std::filesystem::remove_all(folder.path / name);
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
  CHECK_THROWS_WITH(find_cases(folder.path), Catch::Contains("no case.json"));
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
