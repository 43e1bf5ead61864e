// SPDX-License-Identifier: Apache-2.0
// caddie gc deletes what the store holds of runs that are gone.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/exit_code.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "results/run_folder.h"
#include "sweep/unneeded.h"

namespace caddie {
namespace {

struct GcArguments {
  std::filesystem::path folder = "results";
  bool dry_run = false, json = false;
};

void gc_verb(const GcArguments& arguments) {
  if (!std::filesystem::is_directory(arguments.folder))
    fail_usage("{}: there is no such folder; name the one that holds the runs and their store",
               arguments.folder.string());
  std::vector<UnneededStage> stages = unneeded_stages(arguments.folder);
  int64_t bytes = 0;
  Json names = Json::array();
  for (const UnneededStage& stage : stages) {
    bytes += stage.bytes;
    names.push_back(stage.folder.filename().string());
    if (arguments.dry_run && !arguments.json)
      fmt::print("{:>15}  {}\n", with_commas(stage.bytes), stage.folder.string());
    if (!arguments.dry_run) std::filesystem::remove_all(stage.folder);
  }
  if (arguments.json)
    fmt::print("{}\n",
               text_of(Json{{"stages", names}, {"bytes", bytes}, {"deleted", !arguments.dry_run}}, 2));
  else
    fmt::print("{} stages that no run needs, {} bytes: {}\n", stages.size(), with_commas(bytes),
               arguments.dry_run ? "left, as asked" : "deleted");
}

}  // namespace

void add_gc_command(CLI::App& app) {
  auto arguments = std::make_shared<GcArguments>();
  CLI::App* verb = app.add_subcommand("gc", "delete what the store holds of runs that are gone");
  verb->add_option("folder", arguments->folder, "what holds the runs and their store")->capture_default_str();
  verb->add_flag("--dry-run", arguments->dry_run, "only say what would be deleted");
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { gc_verb(*arguments); });
}

}  // namespace caddie
