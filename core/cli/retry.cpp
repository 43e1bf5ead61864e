// SPDX-License-Identifier: Apache-2.0
// caddie retry SWEEP runs once more what failed or was lost in a sweep.
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/sweep.h"
#include "cli/verbs.h"
#include "sweep/folders.h"

namespace caddie {

void add_retry_command(CLI::App& app) {
  auto arguments = std::make_shared<SweepArguments>();
  arguments->runner.retry = true;
  CLI::App* verb = app.add_subcommand("retry", "run what failed or was lost in a sweep once more");
  verb->add_option("sweep", arguments->request.file, "name or folder of the sweep")->required();
  declare_running(*verb, *arguments);
  verb->callback([arguments] {
    arguments->request.file = sweep_folder(arguments->request.file).string();
    sweep_verb(*arguments);
  });
}

}  // namespace caddie
