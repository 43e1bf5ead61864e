// SPDX-License-Identifier: Apache-2.0
// caddie export RUN writes the trained weights of a run as a file that PyTorch reads, or once more as an
// artifact, with other settings than the run's; or what runs measured, for TensorBoard.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "report/tensorboard.h"
#include "results/run_folder.h"
#include "run/export_again.h"

namespace caddie {
namespace {

struct ExportArguments {
  ExperimentArguments experiment;  // The run gives its file.
  std::filesystem::path run, weights, artifact, tensorboard;
};

void write_artifact(const ExportArguments& arguments) {
  Device device = arguments.experiment.prepare();
  StatusLine status;
  ExportedAgain made =
      export_again(arguments.run, arguments.experiment.overrides, arguments.artifact, device, status);
  for (const NoEffect& found : made.without_effect)
    status.finish(fmt::format("note: '{}': {}", found.technique, found.reason));
  tell("{}: {} bytes, {} {} budget.artifact_bytes with the code\n", arguments.artifact.string(),
       with_commas(made.bytes), with_commas(std::abs(made.headroom)), made.headroom < 0 ? "over" : "under");
}

void write_events(const ExportArguments& arguments) {
  std::vector<std::filesystem::path> files = export_events(arguments.run.string(), arguments.tensorboard);
  tell("{}: {} run{}; tensorboard --logdir {} shows what was measured\n", arguments.tensorboard.string(),
       files.size(), files.size() == 1 ? "" : "s", arguments.tensorboard.string());
}

void write_weights_or_artifact(const ExportArguments& arguments) {
  std::filesystem::path weights = trained_weights(arguments.run);
  if (arguments.weights == arguments.artifact)
    fail_usage("export: --weights and --artifact name the same file {}", arguments.weights.string());
  if (!arguments.artifact.empty()) settings_file_beside(arguments.artifact);  // It throws before any work.
  if (!arguments.weights.empty()) {
    std::optional<FolderClaim> claim = claim_to_write({arguments.weights});
    write_file(arguments.weights, read_file(weights));
    tell("{}\n", arguments.weights.string());
  }
  if (!arguments.artifact.empty()) write_artifact(arguments);
}

void export_verb(const ExportArguments& arguments) {
  bool of_weights = !arguments.weights.empty() || !arguments.artifact.empty();
  if (!of_weights && arguments.tensorboard.empty())
    fail_usage("export: say what to write, --weights FILE, --artifact FILE or --tensorboard FOLDER");
  if (of_weights) write_weights_or_artifact(arguments);
  if (!arguments.tensorboard.empty()) write_events(arguments);
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* verb =
      app.add_subcommand("export", "write a finished run's averaged weights, or what runs measured");
  verb->add_option("run", arguments->run, "folder of a finished run; with --tensorboard also of a sweep")
      ->required();
  verb->add_option("--weights", arguments->weights, "safetensors file to write, with upstream's names");
  verb->add_option(
      "--artifact", arguments->artifact,
      "artifact to write, with the settings that made it beside it; -S changes those of the run");
  verb->add_option("--tensorboard", arguments->tensorboard,
                   "folder to write event files of TensorBoard in, a folder for each run");
  arguments->experiment.declare_options(*verb);
  verb->callback([arguments] { export_verb(*arguments); });
}

}  // namespace caddie
