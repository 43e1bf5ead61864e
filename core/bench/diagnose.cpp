// SPDX-License-Identifier: Apache-2.0
// Each function looks at one part of the machine or of the program and says how it stands.
#include "bench/diagnose.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "device/device.h"
#include "plugin/registry.h"
#include "results/provenance.h"

namespace caddie {
namespace {

Finding program() {
#ifdef NDEBUG
  return {"program", fmt::format("Caddie {}, SDK {}", CADDIE_VERSION, sdk_of_this_program())};
#else
  return {"program",
          fmt::format("Caddie {}, SDK {}, built to find errors: many times slower than the preset release",
                      CADDIE_VERSION, sdk_of_this_program())};
#endif
}

Finding processor() {
  MachineRecord here = machine();
  return {"processor", fmt::format("{}, {} CPUs, kernels {}", here.cpu, here.cores.value_or(0), here.isa)};
}

Finding memory() {
  std::string pages = "unknown";
  if (std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled"); file) std::getline(file, pages);
  return memory_finding(memory_here(), pages);
}

Finding disk() {
  std::error_code error;
  auto space = std::filesystem::space(".", error);
  return error ? Finding{"disk", error.message(), false} : disk_finding(space.available);
}

Finding graphics() {
  try {
    cuda_backend();
    return {"CUDA", "a device can be used: --device cuda"};
  } catch (const Error& error) {
    return {"CUDA", error.what()};
  }
}

Finding plugins() {
  try {
    Registry registry;
    std::vector<std::string> refused;
    for (const PluginFile& file : registry.files())
      if (sdk_of(file) != sdk_of_this_program()) refused.push_back(file.name);
    return plugins_finding(registry.files().size(), refused);
  } catch (const Error& error) {
    return {"plugins", error.what(), false};
  }
}

}  // namespace

Finding memory_finding(const Memory& memory, const std::string& huge_pages) {
  double all = double(memory.total) / kGibibyte, free = double(memory.available) / kGibibyte;
  return {"memory",
          fmt::format("{:.1f} GiB, {:.1f} free, huge pages: {}{}", all, free, huge_pages,
                      free < 1 ? "; a model of the baseline's size takes 1.5" : ""),
          free >= 1};
}

Finding disk_finding(uint64_t bytes) {
  double free = double(bytes) / kGibibyte;
  return {"disk", fmt::format("{:.1f} GiB free here", free), free >= 1};
}

Finding plugins_finding(size_t found, const std::vector<std::string>& refused) {
  if (found == 0) return {"plugins", "none found; build the target all", false};
  if (refused.empty()) return {"plugins", fmt::format("{}, all of this SDK", found)};
  return {"plugins",
          fmt::format("{} of {} were built for another SDK: {}; build them again", refused.size(), found,
                      fmt::join(refused, ", ")),
          false};
}

Finding ranks_finding(const Environment& environment) {
  try {
    Ranks ranks = discover_ranks({}, environment);
    if (ranks.size == 1) return {"ranks", "one: no launcher's variables are set"};
    return {"ranks", fmt::format("{} of {}, says {}", ranks.rank, ranks.size, ranks.source)};
  } catch (const Error& error) {
    return {"ranks", error.what(), false};
  }
}

std::vector<Finding> diagnose() {
  Environment own = [](const char* name) -> const char* { return std::getenv(name); };
  return {program(), processor(), memory(), disk(), graphics(), plugins(), ranks_finding(own)};
}

}  // namespace caddie
