// SPDX-License-Identifier: Apache-2.0
// The orders in which runs start: which arm comes when, and what a machine that drifts does to each.
#include "sweep/run_order.h"

#include <catch2/catch.hpp>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "support/fake_runs.h"
#include "sweep/plan.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// The runs of three arms and these seeds in an order, as arm and seed: "A1 B1 C1".
std::string runs_in(const std::string& order, const std::vector<int64_t>& seeds,
                    const std::vector<int64_t>& asked, std::vector<size_t> arms = {0, 1, 2}) {
  Plan plan = made_up_plan({"A", "B", "C"}, seeds);
  plan.run.order = order;
  std::string text;
  for (const PlannedRun& run : runs_of(plan, arms, asked))
    text += (text.empty() ? "" : " ") + plan.arms[run.arm].label + std::to_string(run.seed);
  return text;
}

/// The mean place of each arm's runs in an order.
std::map<size_t, double> mean_places(const std::string& order, int64_t seeds) {
  std::vector<int64_t> all(static_cast<size_t>(seeds));
  std::iota(all.begin(), all.end(), 1);
  Plan plan = made_up_plan({"A", "B", "C", "D"}, all);
  plan.run.order = order;
  std::map<size_t, double> places;
  std::vector<PlannedRun> runs = runs_of(plan, std::vector<size_t>{0, 1, 2, 3}, all);
  for (size_t place = 0; place < runs.size(); ++place)
    places[runs[place].arm] += double(place) / double(seeds);
  return places;
}

}  // namespace

TEST_CASE("interleaved arms alternate, backwards at every second seed", "[sweep]") {
  CHECK(runs_in("interleaved", {1, 2, 3}, {1, 2, 3}) == "A1 B1 C1 C2 B2 A2 A3 B3 C3");
  CHECK(runs_in("listed", {1, 2, 3}, {1, 2, 3}) == "A1 B1 C1 A2 B2 C2 A3 B3 C3");
}

TEST_CASE("seeds that a race adds later go on alternating", "[sweep]") {
  CHECK(runs_in("interleaved", {5, 6, 7, 8}, {6, 7, 8}) == "C6 B6 A6 A7 B7 C7 C8 B8 A8");
  CHECK(runs_in("interleaved", {5, 6, 7, 8}, {7, 8}, {0, 2}) == "A7 C7 C8 A8");
}

TEST_CASE("a steady drift adds the same to all interleaved arms", "[sweep]") {
  for (const auto& [arm, place] : mean_places("interleaved", 4)) CHECK(place == Approx(7.5));
  // In the order of the list the last arm starts three places after the first, whatever the seeds.
  CHECK(mean_places("listed", 4)[3] - mean_places("listed", 4)[0] == Approx(3));
}

TEST_CASE("a shuffled order has all arms of a seed, and another order for each", "[sweep]") {
  std::map<std::string, int> orders;
  for (int64_t seed = 1; seed <= 12; ++seed) {
    std::string text = runs_in("shuffled", {seed}, {seed});
    std::string arms;
    for (char c : text)
      if (c >= 'A' && c <= 'C') arms += c;
    REQUIRE(arms.size() == 3);
    CHECK(arms.find('A') != std::string::npos);
    CHECK(arms.find('B') != std::string::npos);
    CHECK(arms.find('C') != std::string::npos);
    ++orders[arms];
  }
  CHECK(orders.size() > 2);
}

TEST_CASE("an order that is not known is refused, and the nearest one named", "[sweep]") {
  CHECK(names_of_run_orders().front() == RunSettings().order);
  CHECK(find_run_order("blocked") == nullptr);
  CHECK_THROWS_WITH(runs_in("interleavd", {1}, {1}), Catch::Contains("did you mean 'interleaved'"));
}
