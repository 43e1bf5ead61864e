// SPDX-License-Identifier: Apache-2.0
// `caddie diff` compares two runs: it finds what was different about them, and where their results part.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/compare_weights.h"

namespace caddie {

/// Holds what differs between two runs, one line for each difference.
struct RunDifferences {
  std::vector<std::string> settings;         // such as "train.clip_norm: 1.0 -> 0.3"
  std::vector<std::string> provenance;       // what differs in run.json: seed, plugins, data, machine, commit
  std::vector<std::string> results;          // what differs in summary.json, exactly
  std::vector<std::string> cost;             // times and memory, which no two runs have in common
  std::optional<WeightDifferences> weights;  // those of weights.safetensors, if both runs have it
  std::string weights_missing;               // the first weights.safetensors that is not there; or empty
  // The stage where results part first is train, average, quantize, compress or evaluate; or none.
  std::string stage;
  std::string parting;  // the stage in words, with the numbers that differ; empty when they do not part
};

/// Compares two run folders. Throws Error (kUsage) when one holds no resolved.toml, and
/// Error naming the file when one that is compared was changed after the run wrote it.
RunDifferences compare_runs(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace caddie
