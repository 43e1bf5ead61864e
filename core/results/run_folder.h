// SPDX-License-Identifier: Apache-2.0
// The folder of one run is the truth about it. It holds these files:
//
//   resolved.toml           every setting, with where its value came from
//   run.json                what produced it: key, seed, plugins, data, machine, command
//   metrics.csv             step,tokens,time_s,name,value; only ever appended to
//   checkpoint.safetensors  where a stopped training goes on
//   weights.safetensors     the averaged weights
//   artifact.bin            what counts
//   summary.json            all results; written last, so a folder that holds it is finished
//
// Files are replaced whole; a kill leaves the old one or the new one.
#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "results/claim.h"

namespace caddie {

/// Returns the member of a JSON object that is a number; NaN when it is not there or null, as JSON writes
/// NaN.
double number_in(const Json& json, std::string_view name);

/// These are the files that a run leaves in its folder.
inline constexpr const char* kRunFiles[] = {"run.json",    "summary.json",        "resolved.toml",
                                            "metrics.csv", "weights.safetensors", "artifact.bin"};

/// Claims the run folder that files, all in one folder, are about to be written into; returns nothing when
/// that is no run's. Throws Error (kUsage) when a process is at work there, or when one of the files is what
/// the run left.
std::optional<FolderClaim> claim_to_write(std::initializer_list<std::filesystem::path> files);

class RunFolder {
 public:
  /// Creates the folder. Throws Error naming it when it cannot be written.
  explicit RunFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Returns a hash of the rows of a journal up to a step. Throws Error naming the file when it cannot be read.
std::string journal_hash(const std::filesystem::path& path, int64_t steps);

/// Writes metrics.csv, the journal of a training.
class Metrics {
 public:
  /// Opens `path` for appending and drops rows of steps beyond `steps`, which a killed training wrote after
  /// the checkpoint that it goes on from.
  Metrics(const std::filesystem::path& path, int64_t steps);
  void add(int64_t step, int64_t tokens, double seconds, std::string_view name, double value);
  /// Hands everything to the operating system. Throws Error naming the file when that fails.
  void flush();

 private:
  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace caddie
