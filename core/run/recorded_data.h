// SPDX-License-Identifier: Apache-2.0
// What is scored or exported again reads the data that the run read, or is refused.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "results/run_record.h"

namespace caddie {

/// Returns the text of a settings file to lie beside an artifact outside of a run's folder: hashes of what
/// the run read, as comments, and the settings.
std::string settings_beside_artifact(const DataRecord& data, const Tree& settings);

/// Tells whether the file was written from settings_beside_artifact().
bool is_settings_beside_artifact(const std::filesystem::path& file);

/// Returns the hashes of what the run read that a settings file comes from: those in the run.json beside a
/// resolved.toml, or those in the file itself where it lies beside an artifact. They are empty where nothing
/// is known. Throws Error when run.json is damaged.
DataRecord recorded_data(const std::filesystem::path& settings);

/// Returns the hashes of recorded_data() without those of data that `now` names elsewhere than `settings`.
DataRecord recorded_data_of(const std::filesystem::path& settings, const Tree& now);

/// Says which of an experiment's data are read.
enum class DataPart { kTrain, kValidation, kTokenizer };

/// Throws Error (kUsage) naming the data when one of the parts is not what the run read that `settings` comes
/// from. `tree` is what `experiment` was assembled from; data that it names elsewhere than `settings` are not
/// the run's and pass.
void check_recorded_data(const std::filesystem::path& settings, const Tree& tree,
                         const Experiment& experiment, std::initializer_list<DataPart> parts);

}  // namespace caddie
