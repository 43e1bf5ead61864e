// SPDX-License-Identifier: Apache-2.0
// The provenance of a run says what produced it: enough to tell two runs apart, and to make the same one
// again.
#pragma once

#include <filesystem>
#include <string>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "results/fingerprint.h"
#include "results/run_record.h"

namespace caddie {

/// Identifies a run by SHA-256 over the settings that can change its results, its plugin files, the engine,
/// its data, the file of initial weights, the number of ranks and, for `run`, the seed. Equal keys mean equal
/// bits on one machine and thread count.
struct RunKey {
  std::string group;  // the hash of all but the seed; statistics pool over the runs of a group
  std::string run;
};
/// Returns the key of a run. `initial_weights` is the file to start from, empty for none; `ranks` is how many
/// processes train together.
RunKey run_key(const Tree& tree, const Experiment& experiment, const Registry& registry,
               const std::filesystem::path& initial_weights, int ranks = 1);

/// Returns what `note` says of the sources that were built; by default that is the file that the build left
/// beside the engine. Throws Error when it is there and cannot be read or is damaged, so that no run names an
/// unknown commit by accident.
BuiltFrom built_from(const std::filesystem::path& note = engine_file().parent_path() / "caddie.source.json");

/// Returns the record of a run that this process begins, without its stages.
RunRecord provenance(const Experiment& experiment, const Registry& registry, const RunKey& key, int ranks);

/// Returns the host, the processor, its cores, the threads of the pool, and the instruction set of the
/// kernels.
MachineRecord machine();

/// Returns the largest resident memory that this process has had so far.
int64_t peak_memory_bytes();

}  // namespace caddie
