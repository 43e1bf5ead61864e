// SPDX-License-Identifier: Apache-2.0
// Imported runs are grouped into arms by the settings in which they differ.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "import/foreign_run.h"

namespace caddie {

/// Says how runs are grouped.
struct Grouping {
  std::string arm;                // the label of the one arm that takes all runs; "" to group them
  std::vector<std::string> keys;  // the settings to group by, or "folder"; empty for all that differ
};

/// Holds the runs of one arm, by their places in the list that was grouped.
struct ArmGroup {
  std::string label;
  std::vector<size_t> runs;
};

/// Returns the arms in the order of their first runs. Without keys, runs are of one arm when all settings are
/// equal that are not is_incidental(), and they lie in one folder where any folder holds several runs; a run
/// whose table names its arm is of that one. Labels name the folder where there are several, and the settings
/// that differ. Throws Error (kUsage) for a key that no run has.
std::vector<ArmGroup> group_runs(const std::vector<ForeignRun>& runs, const Grouping& grouping);

/// Returns the settings that tell arms apart, by name, as TOML: numbers and booleans where the text is one
/// (600.000 and 600.0 are equal), else strings.
std::map<std::string, std::string> arm_settings(const ForeignRun& run);

/// Returns the TOML of a setting's text.
std::string toml_of(std::string_view text);

/// Returns the names of settings in which some of these runs differ; one that a run lacks counts as
/// differing.
std::vector<std::string> differing_settings(const std::vector<ForeignRun>& runs,
                                            const std::vector<size_t>& among);

}  // namespace caddie
