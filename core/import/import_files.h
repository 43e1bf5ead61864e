// SPDX-License-Identifier: Apache-2.0
// Files and folders that a user names are found and read as runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "import/foreign_run.h"
#include "import/read_table.h"

namespace caddie {

/// Holds what was found in the files.
struct FoundRuns {
  std::vector<ForeignRun> runs;
  std::vector<std::string>
      refused;  // what is wrong with files that were named or look like logs, with their names
  std::vector<std::string> passed;  // files in folders that hold no run
};

/// Reads the runs of files, and of all logs in folders and the folders below: *.log and *.txt, compressed by
/// gzip, zstd or xz or not, and submission.json where a folder has no log. A file that is named is read as a
/// table when it ends in .csv or .tsv, as a submission when in .json, else as a log. Order: that of `named`,
/// in folders that of the paths. Throws Error (kUsage) for what does not exist, and for a table that does not
/// fit `map`.
FoundRuns find_foreign_runs(const std::vector<std::filesystem::path>& named,
                            const std::vector<ColumnName>& map);

/// Returns the lines from `first` to `last`, counted from 1, of a file, decompressed. Throws Error naming the
/// file when it cannot be read or is damaged.
std::string lines_of_file(const std::filesystem::path& file, int64_t first, int64_t last);

}  // namespace caddie
