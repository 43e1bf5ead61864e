// SPDX-License-Identifier: Apache-2.0
// Each order is a function in a table, which settings, plans and planners read.
#include "sweep/run_order.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/hash.h"
#include "sweep/plan.h"

namespace caddie {
namespace {

/// Shuffles by hashes of the folders' names, so that the same sweep has the same order everywhere.
void shuffle(std::span<PlannedRun> runs, size_t) {
  std::map<std::string, PlannedRun> by_hash;
  for (const PlannedRun& run : runs) by_hash.emplace(sha256(run.folder), run);
  std::transform(by_hash.begin(), by_hash.end(), runs.begin(),
                 [](const auto& hashed) { return hashed.second; });
}

/// Turns every second seed round (ABC CBA ABC ...). Over two seeds each arm then starts at the same time on
/// average, so that a machine whose speed changes steadily changes no difference between arms.
void alternate(std::span<PlannedRun> runs, size_t turn) {
  if (turn % 2 == 1) std::reverse(runs.begin(), runs.end());
}

void keep(std::span<PlannedRun>, size_t) {}

const RunOrder kOrders[] = {
    {"shuffled", "the arms of a seed at random, another order for each seed", shuffle},
    {"interleaved", "the arms of a seed as they are listed, backwards for every second seed", alternate},
    {"listed", "the arms of a seed as they are listed", keep}};

}  // namespace

const RunOrder* find_run_order(std::string_view name) {
  for (const RunOrder& order : kOrders)
    if (name == order.name) return &order;
  return nullptr;
}

std::vector<std::string> names_of_run_orders() {
  std::vector<std::string> names;
  for (const RunOrder& order : kOrders) names.emplace_back(order.name);
  return names;
}

}  // namespace caddie
