// SPDX-License-Identifier: Apache-2.0
// caddie run EXPERIMENT: one experiment from data to score.
#include "run/run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/text.h"
#include "cli/verbs.h"
#include "results/provenance.h"

namespace caddie {
namespace {

struct RunArguments {
  ExperimentArguments experiment;
  RunOptions options;
  int64_t seed = -1;
  bool json = false;
};

void print_summary(const Json& summary, const std::filesystem::path& folder) {
  auto number = [&](const char* name) { return summary.value(name, 0.0); };
  fmt::print("val_bpb {:.6f}   raw {:.6f}   averaged {:.6f}   reloaded artifact {:.6f}\n", number("val_bpb"),
             number("val_bpb_raw"), number("val_bpb_avg"), number("val_bpb_quant"));
  fmt::print("artifact {} bytes   {} parameters   trained {}   evaluated {}\n",
             with_commas(summary.value("artifact_bytes", int64_t(0))),
             with_commas(summary.value("params", int64_t(0))), duration(number("train_time_s")),
             duration(number("eval_time_s")));
  fmt::print("{}\n", folder.string());
}

void run_verb(RunArguments& arguments) {
  Device device = arguments.experiment.prepare();
  if (arguments.seed >= 0) arguments.experiment.overrides.push_back("seed=" + std::to_string(arguments.seed));
  Registry registry;
  Tree tree = Tree::load(arguments.experiment.file, arguments.experiment.overrides);
  Experiment experiment = assemble(tree, registry, device);
  RunOptions& options = arguments.options;
  if (options.folder.empty()) {
    RunKey key = run_key(tree, experiment, registry, options.training.initial_weights);
    options.folder =
        std::filesystem::path("results") / arguments.experiment.file.stem() / key.run.substr(0, 8);
  }
  options.quiet = arguments.json;
  stop_on_signals();
  Json summary = run_experiment(tree, experiment, registry, options);
  if (arguments.json)
    fmt::print("{}\n", summary.dump(2));
  else
    print_summary(summary, options.folder);
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* verb = app.add_subcommand("run", "run one experiment from data to score");
  arguments->experiment.declare(*verb);
  verb->add_option("--seed", arguments->seed, "the same as -S seed=N")->check(CLI::NonNegativeNumber);
  verb->add_option("--output", arguments->options.folder,
                   "folder of the run; by default results/<file>/<key>");
  verb->add_option("--init-weights", arguments->options.training.initial_weights,
                   "start from the weights in this safetensors file");
  verb->add_option(
      "--store", arguments->options.store,
      "folder where runs that agree up to a stage find its output; by default nothing is shared");
  verb->add_option("--companion", arguments->options.training.companions,
                   "experiment that shares the training: its averagers and validations ride along")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--fork-at", arguments->options.training.forks,
                   "steps after which other trainings of the store go their own way")
      ->delimiter(',');
  verb->add_flag("--fresh", arguments->options.fresh, "start over although the folder holds results");
  verb->add_flag("--strict", arguments->options.strict, "fail when a technique that is on had no effect");
  verb->add_flag("--json", arguments->json, "print the summary as JSON");
  verb->callback([arguments] { run_verb(*arguments); });
}

}  // namespace caddie
