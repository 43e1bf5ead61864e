// SPDX-License-Identifier: Apache-2.0
// `caddie import` makes a sweep's folder of runs that other programs made.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "import/write_runs.h"

namespace caddie {

/// Says what to import, and where to.
struct ImportRequest {
  std::vector<std::filesystem::path> files;  // files and folders
  std::filesystem::path into;  // the sweep's folder; "" for results/ and the name of the first folder
  Grouping grouping;
  std::string baseline;  // the label of the baseline's arm; "" to leave it as it is, or the first one
  std::vector<std::string> columns;  // the column map of tables, each "name=column"
  bool fresh = false;                // whether to start the folder over
};

/// Holds what came of an import.
struct ImportResult {
  std::filesystem::path folder;
  Plan plan;
  ImportedSweep sweep;
  std::vector<size_t> added;                 // the runs of the sweep that are new
  std::vector<std::string> copies;           // what was left out because it is there already, in words
  std::vector<std::string> refused, passed;  // as FoundRuns has them
};

/// Reads the files, groups their runs into arms, checks them, and writes the sweep's folder, or adds to it
/// what it does not have yet: the arms that are there keep their labels and runs. Throws Error (kUsage) when
/// there is no run in the files, when the folder holds another sweep than an imported one, or while a process
/// is at work there.
ImportResult import_runs(const ImportRequest& request);

}  // namespace caddie
