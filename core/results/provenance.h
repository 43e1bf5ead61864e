// SPDX-License-Identifier: Apache-2.0
// What produced a run: enough to tell two runs apart, and to make the same one again.
#pragma once

#include <filesystem>
#include <string>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "results/fingerprint.h"
#include "results/run_folder.h"

namespace caddie {

/// What identifies a run: SHA-256 over the settings that can change its results, its plugin files, the
/// engine, its data and, for the run key, the seed. Equal keys mean equal bits on one machine and thread
/// count.
struct RunKey {
  std::string group;  // all but the seed: what statistics pool over
  std::string run;
};
RunKey run_key(const Tree& tree, const Experiment& experiment, const Registry& registry,
               const std::filesystem::path& initial_weights, int ranks = 1);

/// {"commit", "dirty"}: the commit whose sources were built, "" when that is unknown, and whether they had
/// been changed since. `note` is the file that says so; by default the one that the build left beside the
/// engine.
Json built_from(const std::filesystem::path& note = engine_file().parent_path() / "caddie.source.json");

/// What built_from() says, machine, ranks and threads of each, plugins with hashes, data, and the command
/// line of this process.
Json provenance(const Experiment& experiment, const Registry& registry, const RunKey& key, int ranks);

/// Host, processor, cores, threads of the pool, and the instruction set of the kernels.
Json machine();

/// Peak resident memory of this process so far.
int64_t peak_memory_bytes();

}  // namespace caddie
