// SPDX-License-Identifier: Apache-2.0
// caddie explain EXPERIMENT says what would run, before it runs.
#include <caddie/parallel.h>
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "experiment/drawing.h"
#include "experiment/experiment.h"
#include "experiment/validate.h"
#include "export/estimate.h"
#include "results/run_folder.h"
#include "run/memory.h"

namespace caddie {
namespace {

void print_json(const Tree& tree, const WeightTable& table, const SizeEstimate& size,
                const std::vector<std::string>& warnings) {
  Json out = {{"parameters", table.parameters()},
              {"training_only_parameters", table.training_only_parameters()},
              {"estimated_artifact_bytes", {{"initial", size.initial}, {"grown", size.grown}}}};
  for (const Tree::Value& value : tree.values())
    out["settings"][value.path] = {{"value", value.text}, {"origin", value.origin.text()}};
  out["warnings"] = warnings;
  tell("{}\n", text_of(out, 2));
}

void print_weights(const WeightTable& table) {
  auto line = [](std::string_view owner, int64_t weights, int64_t parameters, int64_t training_only) {
    tell("  {:<40} {:>4} weights {:>14} parameters{}\n", owner, weights, with_commas(parameters),
         training_only ? fmt::format(", {} for training only", with_commas(training_only)) : "");
  };
  for (const auto& [owner, share] : table.shares())
    line(owner, share.weights, share.parameters, share.training_only);
  line("all", table.size(), table.parameters(), table.training_only_parameters());
}

void print_artifact(const SizeEstimate& size, const Budget& budget) {
  tell("artifact\n  {}\n", size.text());
  int64_t over = size.initial + budget.code_bytes - budget.artifact_bytes;
  if (over > 0)
    tell(
        "  warning: {} bytes over budget.artifact_bytes = {} already with initial weights; the run would "
        "end in an error\n",
        with_commas(over), with_commas(budget.artifact_bytes));
}

void print_text(const Tree& tree, const Experiment& experiment, const SizeEstimate& size) {
  tell("{}\n{}parameters\n", tree.resolved(), draw(experiment));
  print_weights(experiment.model->weights());
  tell("memory\n  about {:.2f} GiB, {:.2f} at the least\n", double(usual_memory(experiment)) / kGibibyte,
       double(least_memory(experiment, thread_count())) / kGibibyte);
  print_artifact(size, experiment.budget);
}

void explain(const ExperimentArguments& arguments, bool json) {
  Device device = arguments.prepare();
  Registry registry;
  Tree tree = Tree::load(arguments.file, arguments.overrides);
  Experiment experiment = assemble(tree, registry, device);
  const WeightTable& table = experiment.model->weights();
  SizeEstimate size = estimate_size(table.infos(), experiment.export_parts.packers());
  std::vector<std::string> warnings = remarks_on(experiment, sizes_of(experiment.data));
  if (json) return print_json(tree, table, size, warnings);
  print_text(tree, experiment, size);
  for (const std::string& warning : warnings) fmt::print("warning: {}\n", warning);
}

}  // namespace

void add_explain_command(CLI::App& app) {
  auto arguments = std::make_shared<ExperimentArguments>();
  auto json = std::make_shared<bool>(false);
  CLI::App* verb = app.add_subcommand(
      "explain", "the resolved experiment, where each value came from, and its model drawn");
  arguments->declare(*verb);
  verb->add_flag("--json", *json, "print JSON");
  verb->callback([arguments, json] { explain(*arguments, *json); });
}

}  // namespace caddie
