// SPDX-License-Identifier: Apache-2.0
// caddie doctor: what this program finds on this machine, and what would keep it from working well.
#include <caddie/error.h>
#include <caddie/parallel.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "comm/comm.h"
#include "device/device.h"
#include "plugin/registry.h"
#include "process/machine.h"
#include "results/provenance.h"

namespace caddie {
namespace {

struct Finding {
  std::string subject, text;
  bool fine = true;
};

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
  Json found = machine();
  return {"processor", fmt::format("{}, {} CPUs, kernels {}", found.at("cpu").get<std::string>(),
                                   found.at("cores").get<int>(), found.at("isa").get<std::string>())};
}

Finding memory() {
  std::string pages = "unknown";
  if (std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled"); file) std::getline(file, pages);
  constexpr double kGibibyte = 1 << 30;
  Memory found = memory_here();
  double all = double(found.total) / kGibibyte, free = double(found.available) / kGibibyte;
  return {"memory",
          fmt::format("{:.1f} GiB, {:.1f} free, huge pages: {}{}", all, free, pages,
                      free < 1 ? "; a model of the baseline's size takes 1.5" : ""),
          free >= 1};
}

Finding disk() {
  std::error_code error;
  auto space = std::filesystem::space(".", error);
  if (error) return {"disk", error.message(), false};
  constexpr double kGibibyte = 1 << 30;
  double free = double(space.available) / kGibibyte;
  return {"disk", fmt::format("{:.1f} GiB free here", free), free >= 1};
}

Finding graphics() {
  try {
    cuda_backend();
    return {"CUDA", "a device can be used: --device cuda"};
  } catch (const Error& error) {
    return {"CUDA", error.what()};
  }
}

Finding place_among_ranks() {
  try {
    Ranks ranks = discover_ranks({});
    if (ranks.size == 1) return {"ranks", "one: no launcher's variables are set"};
    return {"ranks", fmt::format("{} of {}, says {}", ranks.rank, ranks.size, ranks.source)};
  } catch (const Error& error) {
    return {"ranks", error.what(), false};
  }
}

Finding plugins() {
  try {
    Registry registry;
    std::vector<std::string> refused;
    for (const PluginFile& file : registry.files())
      if (sdk_of(file) != sdk_of_this_program()) refused.push_back(file.name);
    if (registry.files().empty()) return {"plugins", "none found; build the target all", false};
    if (refused.empty()) return {"plugins", fmt::format("{}, all of this SDK", registry.files().size())};
    return {"plugins",
            fmt::format("{} of {} were built for another SDK: {}; build them again", refused.size(),
                        registry.files().size(), fmt::join(refused, ", ")),
            false};
  } catch (const Error& error) {
    return {"plugins", error.what(), false};
  }
}

void doctor_verb(bool json) {
  std::vector<Finding> findings = {program(),  processor(), memory(),           disk(),
                                   graphics(), plugins(),   place_among_ranks()};
  Json all = Json::array();
  bool fine = true;
  for (const Finding& finding : findings) {
    fine = fine && finding.fine;
    all.push_back({{"subject", finding.subject}, {"ok", finding.fine}, {"text", finding.text}});
    if (!json) fmt::print("{:<5} {:<10} {}\n", finding.fine ? "ok" : "WRONG", finding.subject, finding.text);
  }
  if (json) fmt::print("{}\n", all.dump(2));
  if (!fine) throw Error("not everything is as it should be; the lines marked WRONG say what");
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  auto json = std::make_shared<bool>();
  CLI::App* verb = app.add_subcommand("doctor", "what Caddie finds on this machine, and what is wrong");
  verb->add_flag("--json", *json, "print as JSON");
  verb->callback([json] { doctor_verb(*json); });
}

}  // namespace caddie
