// SPDX-License-Identifier: Apache-2.0
// The store keeps the outputs of stages, which all runs that agree up to a stage share. Each stage has a
// folder whose name is the stage's key:
//
//   train-<hash>/     weights.safetensors, metrics.csv; checkpoint.safetensors while it goes on
//   prefix-<hash>/    checkpoint.safetensors and metrics.csv of the first steps of several trainings
//   average-<hash>/   weights.safetensors
//   quantize-<hash>/  quantized.bin, before compression
//   compress-<hash>/  artifact.bin
//   evaluate-<hash>/  nothing but the record
//
// Each folder holds stage.json, the stage's record, which is written last: a folder without it is unfinished.
// The record holds the hashes of the other files, which are compared before they are used; checkpoints have a
// seal of their own.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "base/json.h"
#include "results/claim.h"
#include "results/json_fields.h"
#include "results/run_folder.h"

namespace caddie {

/// Names the folder of results/ that is the store.
inline constexpr std::string_view kStoreFolder = "store";
/// Names the file from which a training that was stopped goes on.
inline constexpr const char* kCheckpointFile = "checkpoint.safetensors";

/// Names the struct that what makes a stage returns.
template <class Make>
using RecordOf = std::invoke_result_t<Make&, const std::filesystem::path&>;

/// Finds the outputs of stages, and lets whoever needs one that is missing make it.
class Store {
 public:
  /// `waiting` is called now and then while another process is at work on a stage that is wanted here; it may
  /// throw to give up. `warn` is told of files that were damaged and are made again.
  explicit Store(std::filesystem::path folder, std::function<void()> waiting = {},
                 std::function<void(const std::string&)> warn = {});

  std::filesystem::path folder(const std::string& key) const { return path_ / key; }
  /// Tells whether the folder's name is that of a stage.
  static bool is_stage(const std::filesystem::path& folder);

  /// Returns the record of a finished stage, or nothing when it is not finished or the record is damaged.
  std::optional<Json> find(const std::string& key) const;
  /// Returns the record as its kind has it, or nothing where find() does or when it is not of that kind.
  template <class Record>
  std::optional<Record> find_as(const std::string& key) const {
    std::optional<Json> record = find(key);
    return record ? read_as<Record>(*record) : std::nullopt;
  }
  /// Returns what is wrong with the files of a finished stage, in words that name the first; "" when they are
  /// what the stage left.
  std::string damage(const std::string& key) const;

  /// Returns the record of the stage. Where there is none of the kind that `make` returns, `suffices` rejects
  /// it, or files of the stage are damaged, `make` is called with the folder to leave files in, and returns
  /// the new record. Two processes never make one stage at once.
  template <class Make>
  auto get(const std::string& key, Make make) {
    return get(key, make, [](const RecordOf<Make>&) { return true; });
  }
  template <class Make, class Suffices>
  RecordOf<Make> get(const std::string& key, Make make, Suffices suffices) {
    return read_fields<RecordOf<Make>>(get_json(
        key, [&](const std::filesystem::path& folder) { return written(make(folder)); },
        [&](const Json& json) {
          std::optional<RecordOf<Make>> record = read_as<RecordOf<Make>>(json);
          return record && suffices(*record);
        }));
  }
  /// Makes the stage as get() does, whether it is there or not.
  template <class Make>
  void put(const std::string& key, Make make) {
    put_json(key, [&](const std::filesystem::path& folder) { return written(make(folder)); });
  }

  /// Throws away the stage, so that it is made anew. Throws Error when a process is at work on it, or when
  /// Caddie did not make its folder.
  void forget(const std::string& key) const;

 private:
  using MakeJson = std::function<Json(const std::filesystem::path&)>;

  template <class Record>
  static std::optional<Record> read_as(const Json& json) {
    try {
      return read_fields<Record>(json);
    } catch (const Error&) {
      return std::nullopt;
    }
  }
  Json get_json(const std::string& key, const MakeJson& make,
                const std::function<bool(const Json&)>& suffices);
  void put_json(const std::string& key, const MakeJson& make);
  /// Waits until this process alone may change the stage, and makes its folder.
  FolderClaim take(const std::string& key) const;
  /// Makes a stage that this process has claimed.
  Json make_held(const std::string& key, const MakeJson& make) const;

  std::filesystem::path path_;
  std::function<void()> waiting_;
  std::function<void(const std::string&)> warn_;
};

/// Puts `file` at `copy`, replacing what is there: as a second name of the same bytes where the file system
/// can, else as a copy. Files of the store and of runs are only ever replaced whole, so neither changes the
/// other.
void place_file(const std::filesystem::path& file, const std::filesystem::path& copy);

}  // namespace caddie
