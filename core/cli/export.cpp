// SPDX-License-Identifier: Apache-2.0
// caddie export RUN writes the trained weights of a run as a file that PyTorch reads, or once more as an
// artifact, with other settings than the run's; or what runs measured, for TensorBoard; or what is handed in
// for an arm of a sweep.
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
#include "submission/write_submission.h"

namespace caddie {
namespace {

struct ExportArguments {
  ExperimentArguments experiment;  // The run gives its file.
  std::filesystem::path run, weights, artifact, tensorboard;
  SubmissionRequest submission;  // `run` names its sweep.
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
  tell("{}: {}; tensorboard --logdir {} shows what was measured\n", arguments.tensorboard.string(),
       counted(int64_t(files.size()), "run"), arguments.tensorboard.string());
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

void write_for_submission(SubmissionRequest request, const std::string& sweep) {
  if (request.arm.empty())
    fail_usage("--submission: say of which arm, --arm LABEL; caddie table {} lists them", sweep);
  request.sweep = sweep;
  WrittenSubmission written = write_submission(request);
  tell("{}: {}\n", written.folder.string(), join(written.files, ", "));
  for (const std::string& text : written.missing) tell("{}\n", text);
}

/// Throws Error (kUsage) when options that only a submission has are given without one, or the other way.
void check_submission_options(const ExportArguments& arguments, bool of_weights) {
  const SubmissionRequest& request = arguments.submission;
  const SubmissionWords& words = request.words;
  bool has_words =
      !words.author.empty() || !words.github_id.empty() || !words.name.empty() || !words.blurb.empty();
  if (request.folder.empty() && (has_words || !request.code.empty() || !request.arm.empty()))
    fail_usage("export: --arm, --code, --author, --github, --name and --blurb are for --submission FOLDER");
  if (!request.folder.empty() && (of_weights || !arguments.experiment.overrides.empty()))
    fail_usage(
        "export: --submission is of a sweep's arm as it was run; --weights, --artifact and -S are of one "
        "run");
}

void export_verb(const ExportArguments& arguments) {
  bool of_weights = !arguments.weights.empty() || !arguments.artifact.empty();
  check_submission_options(arguments, of_weights);
  if (!arguments.submission.folder.empty())
    write_for_submission(arguments.submission, arguments.run.string());
  if (!of_weights && arguments.tensorboard.empty() && arguments.submission.folder.empty())
    fail_usage(
        "export: say what to write, --weights FILE, --artifact FILE, --tensorboard FOLDER or --submission "
        "FOLDER");
  if (of_weights) write_weights_or_artifact(arguments);
  if (!arguments.tensorboard.empty()) write_events(arguments);
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* verb = app.add_subcommand(
      "export", "write a finished run's averaged weights, what runs measured, or a submission");
  verb->add_option("run", arguments->run,
                   "folder of a finished run; with --tensorboard also of a sweep, with --submission a sweep")
      ->required();
  verb->add_option("--weights", arguments->weights, "safetensors file to write, with upstream's names");
  verb->add_option(
      "--artifact", arguments->artifact,
      "artifact to write, with the settings that made it beside it; -S changes those of the run");
  verb->add_option("--tensorboard", arguments->tensorboard,
                   "folder to write event files of TensorBoard in, a folder for each run");
  SubmissionRequest& submission = arguments->submission;
  verb->add_option("--submission", submission.folder,
                   "folder to write what a contest is handed: submission.json, README, logs, artifact");
  verb->add_option("--arm", submission.arm, "label of the arm to hand in, whose seeds are all done");
  verb->add_option("--code", submission.code,
                   "file of code to hand in, such as train_gpt.py; may be repeated");
  verb->add_option("--author", submission.words.author, "author, for submission.json");
  verb->add_option("--github", submission.words.github_id, "the author's name on GitHub");
  verb->add_option("--name", submission.words.name, "name of the submission, and title of its README");
  verb->add_option("--blurb", submission.words.blurb, "what it does, in a sentence or two");
  arguments->experiment.declare_options(*verb);
  verb->callback([arguments] { export_verb(*arguments); });
}

}  // namespace caddie
