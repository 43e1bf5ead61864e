// SPDX-License-Identifier: Apache-2.0
// A finished run's weights as an artifact once more, with other settings of [export] than the run's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/console.h"
#include "base/exit_code.h"
#include "experiment/experiment.h"

namespace caddie {

/// The trained weights in the folder of a finished run. Throws Error (kUsage) when there are none.
std::filesystem::path trained_weights(const std::filesystem::path& run);

struct ExportedAgain {
  int64_t bytes = 0;     // of the artifact
  int64_t headroom = 0;  // bytes that budget.artifact_bytes leaves beside it and the code; negative: too many
  std::vector<NoEffect> without_effect;
};

/// Writes the artifact of the run's trained weights to `file`, and the settings that made it beside it, with
/// the ending .toml. `overrides`, as of -S, change the run's settings. The same settings give the same bytes
/// as the run's own artifact.
ExportedAgain export_again(const std::filesystem::path& run, std::span<const std::string> overrides,
                           const std::filesystem::path& file, Device device, StatusLine& status);

}  // namespace caddie
