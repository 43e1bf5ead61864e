// SPDX-License-Identifier: Apache-2.0
// caddie plugin build FILE... compiles techniques as Caddie was compiled, wherever their sources lie.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/console.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "plugin/build.h"

namespace caddie {
namespace {

void build_verb(const std::vector<std::filesystem::path>& sources) {
  for (const std::filesystem::path& source : sources) {
    Stopwatch clock;
    BuiltPlugin built = build_plugin(source, "plugins");
    tell("{} ({}): {}\n", built.file.path.string(), name_of(built.kind),
         built.already_built ? "up to date" : "built in " + duration(clock.seconds()));
    std::fflush(stdout);  // Warnings come behind what they are about.
    for (const std::string& warning : built.warnings) say_aside("warning: " + warning);
  }
}

}  // namespace

void add_plugin_build_command(CLI::App& plugin) {
  auto sources = std::make_shared<std::vector<std::filesystem::path>>();
  CLI::App* verb = plugin.add_subcommand(
      "build", "compile techniques into ./plugins, where every verb run from this folder finds them");
  verb->add_option("source", *sources, "source files, each of one technique")->required();
  verb->callback([sources] { build_verb(*sources); });
}

}  // namespace caddie
