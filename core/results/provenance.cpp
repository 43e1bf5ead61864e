// SPDX-License-Identifier: Apache-2.0
// The group of a run hashes all that can change its results except the seed; its key adds the seed.
#include "results/provenance.h"

#include <caddie/error.h>
#include <caddie/parallel.h>

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "device/gemm.h"
#include "process/machine.h"

namespace caddie {
namespace {

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

}  // namespace

BuiltFrom built_from(const std::filesystem::path& note) {
  if (!std::filesystem::exists(note)) return {};
  Json told = Json::parse(read_file(note), nullptr, false);
  try {
    return read_fields<BuiltFrom>(told);
  } catch (const std::exception&) {
    fail("{}: is not what the build writes; build Caddie again", note.string());
  }
}

MachineRecord machine() {
  MachineRecord here;
  here.host = host_name();
  here.cpu = processor();
  here.isa = isa_name();
  here.cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  here.threads = thread_count();
  return here;
}

RunKey run_key(const Tree& tree, const Experiment& experiment, const Registry& registry,
               const std::filesystem::path& initial_weights, int ranks) {
  std::string text = "engine " + engine_hash() + "\n";
  for (const Tree::Value& value : tree.values())
    if (value.stage != Stage::kSeed && value.stage != Stage::kNothing)
      text += value.path + " = " + value.text + "\n";
  std::set<std::string> used;
  for (const Experiment::Part& part : experiment.parts) used.insert(part.technique.plugin);
  for (const LoadedPlugin* plugin : registry.opened())
    if (used.count(plugin->file.name)) text += plugin->file.name + " " + plugin->sha256 + "\n";
  text += "train " + data_hash(experiment.data.train) + "\n";
  text += "validation " + data_hash(experiment.data.validation) + "\n";
  text += "tokenizer " + file_hash(experiment.data.tokenizer) + "\n";
  if (!initial_weights.empty()) text += "weights " + file_hash(initial_weights) + "\n";
  if (ranks > 1) text += "ranks " + std::to_string(ranks) + "\n";
  std::string group = sha256(text);
  return {group, sha256(group + " seed " + std::to_string(experiment.seed))};
}

RunRecord provenance(const Experiment& experiment, const Registry& registry, const RunKey& key, int ranks) {
  RunRecord record;
  record.key = key.run;
  record.group = key.group;
  record.seed = experiment.seed;
  record.command = command_line();
  record.started_at = utc_now();
  record.caddie_version = CADDIE_VERSION;
  record.git = built_from();
  record.machine = machine();
  record.machine.ranks = ranks;
  record.sdk = sdk_of_this_program();
  record.engine = engine_hash();
  for (const LoadedPlugin* plugin : registry.opened())
    record.plugins.emplace_back(plugin->file.name, plugin->sha256);
  record.data = {data_hash(experiment.data.train), data_hash(experiment.data.validation),
                 file_hash(experiment.data.tokenizer)};
  return record;
}

int64_t peak_memory_bytes() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t(usage.ru_maxrss) * 1024;
}

}  // namespace caddie
