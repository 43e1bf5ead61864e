// SPDX-License-Identifier: Apache-2.0
// caddie diff A B: what is different about two runs, and where they part.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/sweep.h"
#include "report/compare_runs.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

struct DiffArguments {
  std::filesystem::path a, b;
  bool json = false;
};

void diff_verb(const DiffArguments& arguments) {
  RunDifferences found = compare_runs(arguments.a, arguments.b);
  if (arguments.json) {
    Json json = {{"a", arguments.a.string()},      {"b", arguments.b.string()}, {"settings", found.settings},
                 {"provenance", found.provenance}, {"results", found.results},  {"cost", found.cost},
                 {"stage", found.stage},           {"parting", found.parting}};
    fmt::print("{}\n", json.dump(2));
    return;
  }
  auto print = [](const char* title, const std::vector<std::string>& lines) {
    if (lines.empty()) return fmt::print("{}: the same\n", title);
    fmt::print("{}:\n", title);
    for (const std::string& line : lines) fmt::print("  {}\n", line);
  };
  print("settings", found.settings);
  print("provenance", found.provenance);
  print("results", found.results);
  print("cost", found.cost);
  if (found.parting.empty())
    fmt::print("they do not part\n");
  else
    fmt::print("they part in {}\n", found.parting);
}

}  // namespace

void add_diff_command(CLI::App& app) {
  auto arguments = std::make_shared<DiffArguments>();
  CLI::App* verb = app.add_subcommand("diff", "what is different about two runs, and where they part");
  verb->add_option("a", arguments->a, "folder of a run")->required();
  verb->add_option("b", arguments->b, "folder of another")->required();
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { diff_verb(*arguments); });
}

}  // namespace caddie
