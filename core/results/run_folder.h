// SPDX-License-Identifier: Apache-2.0
// The folder of one run holds all that is known of the run, in these files:
//
//   resolved.toml           every setting, with where its value came from
//   run.json                what produced it: key, seed, plugins, data, machine, command
//   metrics.csv             what training measured: step,tokens,time_s,name,value
//   weights.safetensors     the weights that were exported
//   artifact.bin            the compressed model, whose size counts against the limit
//   summary.json            all results; written last, by a run that is done or has failed
//   stages/                 outputs of stages, while a run without a shared store is at work
//
// Files are replaced whole, so that a kill leaves either the old one or the new one.
#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "results/claim.h"
#include "results/run_record.h"
#include "results/summary.h"

namespace caddie {

inline constexpr const char* kSettingsFile = "resolved.toml";
inline constexpr const char* kMetricsFile = "metrics.csv";
inline constexpr const char* kWeightsFile = "weights.safetensors";
inline constexpr const char* kArtifactFile = "artifact.bin";
/// These are the files that a run leaves in its folder.
inline constexpr const char* kRunFiles[] = {kRecordFile,  kSummaryFile, kSettingsFile,
                                            kMetricsFile, kWeightsFile, kArtifactFile};

/// Throws Error naming the missing file when a run left a summary in `folder`, or was killed there and left
/// its settings, but no record is there. A run that failed before it began has none.
void check_recorded(const std::filesystem::path& folder, const RunSummary& summary);

/// Claims the folder that all of `files` are about to be written into, if it is a run's; returns nothing when
/// it is not. Throws Error (kUsage) when a process is at work there, or when one of the files is
/// what the run left there.
std::optional<FolderClaim> claim_to_write(std::initializer_list<std::filesystem::path> files);

/// Gives access to the files of one run folder by their names.
class RunFolder {
 public:
  /// Creates the folder. Throws Error naming it when it cannot be written.
  explicit RunFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Returns a hash of the rows of a metrics.csv up to step `steps`. Throws Error naming the file when it
/// cannot be read.
std::string journal_hash(const std::filesystem::path& path, int64_t steps);

/// Writes metrics.csv, the journal of a training.
class Metrics {
 public:
  /// Opens `path` for appending and drops rows of steps beyond `steps`, which a killed training wrote after
  /// the checkpoint that it goes on from.
  Metrics(const std::filesystem::path& path, int64_t steps);
  /// Adds a row, which may not be in the file before flush().
  void add(int64_t step, int64_t tokens, double seconds, std::string_view name, double value);
  /// Hands everything to the operating system. Throws Error naming the file when that fails.
  void flush();

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace caddie
