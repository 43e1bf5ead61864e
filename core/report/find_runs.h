// SPDX-License-Identifier: Apache-2.0
// `caddie ls` lists the runs below a folder that a condition holds for.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/index.h"

namespace caddie {

/// Says which runs to find, and in which order.
struct RunQuery {
  std::filesystem::path folder = "results";  // the folder below which runs are looked for
  std::string where = {};                    // a condition on what is known of a run; empty for all runs
  std::string sort = {};                     // the value to sort by, smallest first; empty to sort by folder
};

/// Returns what is known of each run that the query asks for: settings by path, results and provenance by
/// name, its folder, and its status now. Throws Error (kUsage) when there is no such folder, or for a name
/// that no run has a value for.
std::vector<RunValues> find_runs(const RunQuery& query);

}  // namespace caddie
