// SPDX-License-Identifier: Apache-2.0
// A run leaves in run.json what produced it. The record is written when the run begins and never changes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "results/summary.h"

namespace caddie {

inline constexpr const char* kRecordFile = "run.json";

/// This is the commit whose sources were built, "" when it is unknown, and whether they had been changed
/// since.
struct BuiltFrom {
  std::string commit;
  bool dirty = false;

  bool operator==(const BuiltFrom&) const = default;

  template <class Fields>
  void fields(Fields& f) {
    f("commit", commit);
    f("dirty", dirty);
  }
};

/// This is the machine that a run was made on; `gpu` is empty where none was used.
struct MachineRecord {
  std::string host, cpu, gpu, isa;
  std::optional<int64_t> cores, threads, ranks;  // the threads are those of each rank

  template <class Fields>
  void fields(Fields& f) {
    f.maybe("host", host);
    f.maybe("cpu", cpu);
    f.maybe("cores", cores);
    f.maybe("threads", threads);
    f.maybe("isa", isa);
    f.maybe("gpu", gpu);
    f.maybe("ranks", ranks);
  }
};

/// These are hashes of the content of what a run read.
struct DataRecord {
  std::string train, validation, tokenizer;

  template <class Fields>
  void fields(Fields& f) {
    f.maybe("train", train);
    f.maybe("validation", validation);
    f.maybe("tokenizer", tokenizer);
  }
};

/// Values are missing where the run was made by a Caddie that did not write them.
struct RunRecord {
  std::string key, group;  // see RunKey
  std::optional<int64_t> seed;
  std::string command, started_at, caddie_version;
  std::optional<BuiltFrom> git;
  MachineRecord machine;
  std::string sdk, engine;        // hashes of the interface of plugins and of the program's core
  Labelled<std::string> plugins;  // the SHA-256 of each plugin's file by the plugin's name
  DataRecord data;
  StageNames stages;  // those that are known before the run begins
  // The file that another program's run was read from; "" for Caddie's own. Such a run has settings and
  // results, and neither weights nor an experiment that Caddie could run.
  std::string imported_from;

  /// Returns when the run began, in seconds since 1970 began in UTC; nothing where the record does not tell.
  std::optional<double> started() const;

  template <class Fields>
  void fields(Fields& f) {
    f.maybe("key", key);
    f.maybe("group", group);
    f.maybe("seed", seed);
    f.maybe("command", command);
    f.maybe("started_at", started_at);
    f.maybe("caddie_version", caddie_version);
    f.maybe("git", git);
    f.maybe("machine", machine);
    f.maybe("sdk", sdk);
    f.maybe("engine", engine);
    f.maybe("plugins", plugins);
    f.maybe("data", data);
    f.maybe("stages", stages);
    f.maybe("imported_from", imported_from);
  }
};

/// Returns the record of the run in `folder`, nothing where there is none. Throws Error naming the file when
/// it is damaged, a member is of another type, or nothing tells which run it is of.
std::optional<RunRecord> read_run_record(const std::filesystem::path& folder);

/// Throws Error (kUsage) when the run in `folder` was imported, so that there are no weights of it.
void check_not_imported(const std::filesystem::path& folder);

void write_run_record(const std::filesystem::path& folder, const RunRecord& record);

}  // namespace caddie
