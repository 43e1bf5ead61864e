// SPDX-License-Identifier: Apache-2.0
// The order in which the runs of a sweep start decides which arms a machine hits that gets slower or faster.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

struct PlannedRun;

/// This is one way to order the runs of a seed. Seeds come one after the other in each of them, so that a
/// seed is a block that has every arm once, and an interrupted sweep has compared all arms equally often.
struct RunOrder {
  const char* name;
  const char* help;  // what it does, as a plan tells it
  /// Orders the runs of one seed, which come in the order of their arms; `turn` counts the seeds from 0.
  void (*arrange)(std::span<PlannedRun> runs, size_t turn);
};

/// Returns null when no order has this name.
const RunOrder* find_run_order(std::string_view name);
/// Returns the names of all orders, the usual one first.
std::vector<std::string> names_of_run_orders();

}  // namespace caddie
