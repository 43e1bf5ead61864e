// SPDX-License-Identifier: Apache-2.0
// What the doctor calls fine and what not, on machines that this one is not.
#include "bench/diagnose.h"

#include <catch2/catch.hpp>
#include <map>

using namespace caddie;
using Catch::Contains;

namespace {

constexpr int64_t kGibibyte = int64_t(1) << 30;

/// The finding on ranks where only these variables are set.
Finding ranks_with(const std::map<std::string, std::string>& variables) {
  return ranks_finding([&](const char* name) -> const char* {
    auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

}  // namespace

TEST_CASE("memory and disk want a gibibyte that is free", "[doctor]") {
  CHECK(memory_finding({4 * kGibibyte, kGibibyte}, "always").fine);
  CHECK(memory_finding({4 * kGibibyte, kGibibyte}, "always").text == "4.0 GiB, 1.0 free, huge pages: always");
  Finding scarce = memory_finding({64 * kGibibyte, kGibibyte / 2}, "never");
  CHECK_FALSE(scarce.fine);
  CHECK_THAT(scarce.text, Contains("0.5 free") && Contains("baseline's size takes 1.5"));
  CHECK(disk_finding(kGibibyte).fine);
  CHECK_FALSE(disk_finding(kGibibyte - 1).fine);
}

TEST_CASE("plugins have to be there, and all of this SDK", "[doctor]") {
  CHECK(plugins_finding(3, {}).fine);
  CHECK_FALSE(plugins_finding(0, {}).fine);
  Finding old = plugins_finding(3, {"muon", "ema"});
  CHECK_FALSE(old.fine);
  CHECK(old.text == "2 of 3 were built for another SDK: muon, ema; build them again");
}

TEST_CASE("variables of a launcher are told, and halves of them called wrong", "[doctor]") {
  CHECK(ranks_with({}).fine);
  CHECK_THAT(ranks_with({}).text, Contains("no launcher's variables"));
  Finding second = ranks_with({{"RANK", "1"},
                               {"WORLD_SIZE", "2"},
                               {"LOCAL_RANK", "1"},
                               {"MASTER_ADDR", "box"},
                               {"MASTER_PORT", "29500"}});
  CHECK(second.fine);
  CHECK_THAT(second.text, Contains("1 of 2, says "));
  CHECK_FALSE(ranks_with({{"RANK", "1"}}).fine);
}

TEST_CASE("a diagnosis tells of each subject once", "[doctor]") {
  std::map<std::string, int> times;
  for (const Finding& finding : diagnose()) {
    CHECK_FALSE(finding.text.empty());
    ++times[finding.subject];
  }
  CHECK(times.size() == 7);
  for (const auto& [subject, count] : times) CHECK(count == 1);
}
