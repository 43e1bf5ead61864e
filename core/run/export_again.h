// SPDX-License-Identifier: Apache-2.0
// A finished run's weights become an artifact once more, with other settings of [export] than the run's.
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

/// Returns the file of the trained weights in the folder of a finished run. Throws Error (kUsage) when there
/// is none.
std::filesystem::path trained_weights(const std::filesystem::path& run);

/// Returns where the settings of an artifact at `file` go: beside it, with the ending .toml; "" where `file`
/// is a device, a pipe or a folder. Throws Error (kUsage) when another file than such settings is in the way.
std::filesystem::path settings_file_beside(const std::filesystem::path& file);

/// Tells what export_again() wrote.
struct ExportedAgain {
  int64_t bytes = 0;  // the size of the artifact
  // This many bytes of budget.artifact_bytes are left beside the artifact and the code; a negative number
  // says how many are too many.
  int64_t headroom = 0;
  std::vector<NoEffect> without_effect;
};

/// Writes the artifact of the run's trained weights to `file`, and the settings that made it to
/// settings_file_beside(file). `overrides`, written as after -S, change the run's settings. The same settings
/// give the same bytes as the run's own artifact. Throws Error (kUsage) where claim_to_write() and
/// settings_file_beside() do, and when the calibration reads training text that is not what the run read.
ExportedAgain export_again(const std::filesystem::path& run, std::span<const std::string> overrides,
                           const std::filesystem::path& file, Device device, StatusLine& status);

}  // namespace caddie
