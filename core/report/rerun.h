// SPDX-License-Identifier: Apache-2.0
// A finished run is made once more, to see whether it gets the same bits.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/compare_runs.h"
#include "run/run.h"

namespace caddie {

/// Says whether two runs have the same bits.
struct RerunResult {
  std::vector<std::string> differing;  // the names of what has other bits: files, or "results"
  RunDifferences found;                // what compare_runs() found
  bool is_same() const { return differing.empty(); }
};

/// Compares the bits of two finished runs: weights, artifact, and all results but times.
RerunResult compare_bits(const std::filesystem::path& before, const std::filesystem::path& again);

/// Throws Error (kUsage) unless `run` is a finished run that one process can make again, and Error naming the
/// file when one that is read for it was changed after the run wrote it.
void check_can_rerun(const std::filesystem::path& run);

/// Makes the run in folder `before` again, in `again`, whose results are thrown away, and compares the two.
RerunResult rerun(const std::filesystem::path& before, const std::filesystem::path& again, Device device,
                  bool quiet);

}  // namespace caddie
