// SPDX-License-Identifier: Apache-2.0
// The provenance of a run says what produced it: enough to tell two runs apart, and to make the same one
// again.
#pragma once

#include <filesystem>
#include <string>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "results/fingerprint.h"
#include "results/run_folder.h"

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

/// Returns {"commit", "dirty"}: the commit whose sources were built, "" when that is unknown, and whether
/// they had been changed since. `note` is the file that says so; by default the one that the build left
/// beside the engine.
Json built_from(const std::filesystem::path& note = engine_file().parent_path() / "caddie.source.json");

/// Returns what built_from() says, the machine, the ranks and the threads of each, the plugins with their
/// hashes, the data, and the command line of this process.
Json provenance(const Experiment& experiment, const Registry& registry, const RunKey& key, int ranks);

/// Returns the host, the processor, its cores, the threads of the pool, and the instruction set of the
/// kernels.
Json machine();

/// Returns the largest resident memory that this process has had so far.
int64_t peak_memory_bytes();

}  // namespace caddie
