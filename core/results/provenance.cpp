// SPDX-License-Identifier: Apache-2.0
#include "results/provenance.h"

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

Json built_from(const std::filesystem::path& note) {
  Json known = {{"commit", ""}, {"dirty", false}};
  if (!std::filesystem::exists(note)) return known;
  Json said = Json::parse(read_file(note), nullptr, false);
  if (said.is_object()) known.update(said);
  return known;
}

Json machine() {
  return {{"host", host_name()},
          {"cpu", processor()},
          {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
          {"threads", thread_count()},
          {"isa", isa_name()}};
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

Json provenance(const Experiment& experiment, const Registry& registry, const RunKey& key, int ranks) {
  Json here = machine();
  here["ranks"] = ranks;
  Json plugins = Json::object();
  for (const LoadedPlugin* plugin : registry.opened()) plugins[plugin->file.name] = plugin->sha256;
  return {{"key", key.run},
          {"group", key.group},
          {"seed", experiment.seed},
          {"command", command_line()},
          {"started_at", utc_now()},
          {"caddie_version", CADDIE_VERSION},
          {"git", built_from()},
          {"machine", here},
          {"sdk", sdk_of_this_program()},
          {"engine", engine_hash()},
          {"plugins", plugins},
          {"data",
           {{"train", data_hash(experiment.data.train)},
            {"validation", data_hash(experiment.data.validation)},
            {"tokenizer", file_hash(experiment.data.tokenizer)}}}};
}

int64_t peak_memory_bytes() {
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t(usage.ru_maxrss) * 1024;
}

}  // namespace caddie
