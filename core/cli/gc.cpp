// SPDX-License-Identifier: Apache-2.0
// caddie gc deletes the stages of the store that no run needs any more.
#include <caddie/error.h>
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/json.h"
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

void print_json(const StoreCleaning& cleaning, bool deleted) {
  Json names = Json::array();
  for (const UnneededStage& stage : cleaning.unneeded) names.push_back(stage.folder.filename().string());
  tell(
      "{}\n",
      text_of(
          Json{{"stages", names}, {"left", cleaning.left}, {"bytes", cleaning.bytes()}, {"deleted", deleted}},
          2));
}

void gc_verb(const GcArguments& arguments) {
  if (!std::filesystem::is_directory(arguments.folder))
    fail_usage("{}: there is no such folder; name the one that holds the runs and their store",
               arguments.folder.string());
  StoreCleaning cleaning = find_unneeded(arguments.folder);
  if (!arguments.dry_run) delete_unneeded(cleaning);
  if (arguments.json) return print_json(cleaning, !arguments.dry_run);
  for (const UnneededStage& stage : cleaning.unneeded)
    if (arguments.dry_run) tell("{:>15}  {}\n", with_commas(stage.bytes), stage.folder.string());
  for (const std::string& line : cleaning.left) tell("{}\n", line);
  tell("{} stages that no run needs, {} bytes: {}\n", cleaning.unneeded.size(), with_commas(cleaning.bytes()),
       arguments.dry_run ? "left, as asked" : "deleted");
}

}  // namespace

void add_gc_command(CLI::App& app) {
  auto arguments = std::make_shared<GcArguments>();
  CLI::App* verb = app.add_subcommand("gc", "delete what the store holds of runs that are gone");
  verb->add_option("folder", arguments->folder, "folder that holds the runs and their store")
      ->capture_default_str();
  verb->add_flag("--dry-run", arguments->dry_run, "only say what would be deleted");
  verb->add_flag("--json", arguments->json, "print as JSON");
  verb->callback([arguments] { gc_verb(*arguments); });
}

}  // namespace caddie
