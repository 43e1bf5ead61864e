// SPDX-License-Identifier: Apache-2.0
// What runs measured is written as event files for TensorBoard, whenever that is wanted: nothing is written
// while a run is at work, so that no run's keys, bits or time depend on it, and old runs have files too.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/event_file.h"

namespace caddie {

inline constexpr const char* kEventFile = "events.out.tfevents.caddie";

/// Returns what a run measured, by step and time: every row of its metrics.csv under the row's name, and each
/// metric of a run that is done as "result/NAME" at its last step. Empty for a run that measured nothing.
std::vector<ScalarEvent> events_of(const std::filesystem::path& run);

/// Writes kEventFile into a folder below `into` for the run `named`, or for each run of the sweep `named`
/// that has measured something; the folder is called as the run's. Returns the files. Throws Error (kUsage)
/// when that is neither a run nor a sweep, or has measured nothing.
std::vector<std::filesystem::path> export_events(const std::string& named, const std::filesystem::path& into);

}  // namespace caddie
