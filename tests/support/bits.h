// SPDX-License-Identifier: Apache-2.0
// What must be equal between two runs or two sweeps that promise the same bits.
#pragma once

#include <filesystem>
#include <string>

namespace caddie::testing {

/// What must be equal between two runs: scores, weights, artifact, losses.
struct Bits {
  std::string weights, artifact, losses, scores;
  bool operator==(const Bits&) const = default;
};
/// Throws when the folder does not hold a finished run.
Bits bits_of(const std::filesystem::path& folder);

/// Returns runs.csv without the columns that tell how long things took, how much memory, when and where.
std::string results_of(const std::filesystem::path& folder);

}  // namespace caddie::testing
