// SPDX-License-Identifier: Apache-2.0
// caddie export RUN: the trained weights of a run as a file that PyTorch reads, or once more as an artifact,
// with other settings than the run's.
#include <caddie/error.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "experiment/experiment.h"
#include "run/training.h"

namespace caddie {
namespace {

struct ExportArguments {
  ExperimentArguments experiment;  // its file is the run's
  std::filesystem::path run, weights, artifact;
};

void write_again(ExportArguments& arguments, const std::filesystem::path& weights) {
  Device device = arguments.experiment.prepare();
  Registry registry;
  Tree tree = Tree::load(arguments.run / "resolved.toml", arguments.experiment.overrides);
  Experiment e = assemble(tree, registry, device);
  std::vector<Tensor> values = read_weights(weights, e.model->weights());
  const ExportParts& parts = e.export_parts;
  std::optional<TokenStream> text;
  if (parts.reads_training_text()) text.emplace(e.data.train);
  StatusLine status;
  QuantizedModel quantized =
      quantize_model(parts, *e.model, values, text ? &*text : nullptr, uint64_t(e.seed), status);
  WrittenArtifact written = write_artifact(parts, e.model->weights().infos(), std::move(quantized.artifact),
                                           e.budget.artifact_bytes, e.budget.code_bytes, status);
  for (const auto* idle : {&quantized.idle, &written.idle})
    for (const Idle& one : *idle) status.finish(fmt::format("note: '{}': {}", one.technique, one.reason));
  write_file(arguments.artifact, written.bytes);
  std::filesystem::path settings = arguments.artifact;
  write_file(settings.replace_extension(".toml"), tree.resolved());
  int64_t headroom = e.budget.artifact_bytes - e.budget.code_bytes - int64_t(written.bytes.size());
  fmt::print("{}: {} bytes, {} {} budget.artifact_bytes with the code\n", arguments.artifact.string(),
             with_commas(int64_t(written.bytes.size())), with_commas(std::abs(headroom)),
             headroom < 0 ? "over" : "under");
}

void export_verb(ExportArguments& arguments) {
  std::filesystem::path source = arguments.run / "weights.safetensors";
  if (!std::filesystem::exists(source))
    throw Error(message("{}: there are no trained weights; name the folder of a finished run",
                        {arguments.run.string()}),
                2);
  if (arguments.weights.empty() && arguments.artifact.empty())
    throw Error("export: say what to write, --weights FILE or --artifact FILE", 2);
  if (!arguments.weights.empty()) {
    write_file(arguments.weights, read_file(source));
    fmt::print("{}\n", arguments.weights.string());
  }
  if (!arguments.artifact.empty()) write_again(arguments, source);
}

}  // namespace

void add_export_command(CLI::App& app) {
  auto arguments = std::make_shared<ExportArguments>();
  CLI::App* verb = app.add_subcommand("export", "write a finished run's averaged weights to another file");
  verb->add_option("run", arguments->run, "folder of a finished run")->required();
  verb->add_option("--weights", arguments->weights, "safetensors file to write, with upstream's names");
  verb->add_option(
      "--artifact", arguments->artifact,
      "artifact to write, with the settings that made it beside it; -S changes those of the run");
  arguments->experiment.declare_options(*verb);
  verb->callback([arguments] { export_verb(*arguments); });
}

}  // namespace caddie
