// SPDX-License-Identifier: Apache-2.0
// Two runs side by side: what was different about them, and where their results part.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/compare_weights.h"

namespace caddie {

struct RunDifferences {
  std::vector<std::string> settings;         // "train.clip_norm: 1.0 -> 0.3"
  std::vector<std::string> provenance;       // seed, plugins, data, machine, commit
  std::vector<std::string> results;          // of summary.json, exactly
  std::vector<std::string> cost;             // times and memory, which no two runs have in common
  std::optional<WeightDifferences> weights;  // of weights.safetensors; nothing where a run has none
  std::string stage;    // where results part first: train, average, quantize, compress, evaluate; or none
  std::string parting;  // the same in words, with the numbers that differ; empty when they do not part
};

/// Compares two run folders. Throws Error(2) when one holds no resolved.toml.
RunDifferences compare_runs(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace caddie
