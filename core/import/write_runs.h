// SPDX-License-Identifier: Apache-2.0
// Imported runs become a sweep's folder that every verb reads as one of Caddie's own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "import/arms.h"
#include "import/checks.h"
#include "import/foreign_run.h"
#include "sweep/plan.h"

namespace caddie {

/// Holds what a sweep of imported runs is made from. Runs that are in the sweep already have their place in
/// `written`.
struct ImportedSweep {
  std::string name;
  std::string baseline;  // the label of the arm that others are compared with; "" for the first
  std::vector<ForeignRun> runs;
  std::vector<ArmGroup> arms;
  std::vector<ImportNote> notes;
  std::map<size_t, PlannedRun> written;  // the planned runs of those of `runs` that have a folder
  Json history = Json::array();
};

/// Returns the plan of the sweep. Runs without a seed get the smallest numbers from 1 on that no run of their
/// arm has. Throws Error (kUsage) when no arm has the baseline's label.
Plan plan_of(const ImportedSweep& sweep);

/// Returns the planned run of each run of the sweep, whose plan_of() the plan is.
std::vector<const PlannedRun*> places_of(const ImportedSweep& sweep, const Plan& plan);

/// Returns the results of a run as summary.json holds them; failed, with the reason, where it has no score.
RunSummary summary_of(const ForeignRun& run);

/// Returns the settings of a run as resolved.toml holds them.
std::string settings_toml(const ForeignRun& run);

/// Writes import.json into the folder of a run.
void write_foreign_run(const ForeignRun& run, const std::filesystem::path& folder);

/// Writes the folder of one planned run: resolved.toml, run.json, metrics.csv, import.json, log.txt where it
/// was read from a log, and summary.json, which is the last. Throws Error when a file cannot be written.
void write_run(const ForeignRun& run, const PlannedRun& planned, const Plan& plan,
               const std::filesystem::path& sweep);

}  // namespace caddie
