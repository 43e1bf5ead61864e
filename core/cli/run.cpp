// SPDX-License-Identifier: Apache-2.0
// caddie run EXPERIMENT takes one experiment from data to score.
#include "run/run.h"
#include "base/console.h"

#include <caddie/parallel.h>
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "comm/comm.h"
#include "data/loader.h"
#include "device/device.h"
#include "experiment/validate.h"
#include "process/machine.h"
#include "results/metrics.h"
#include "results/provenance.h"
#include "run/launch.h"
#include "run/memory.h"

namespace caddie {
namespace {

struct RunArguments {
  ExperimentArguments experiment;
  RunOptions options;
  RankFlags flags;
  int64_t seed = -1;
  bool json = false;
};

void print_summary(const RunSummary& summary, const std::filesystem::path& folder) {
  auto number = [&](const Metric& metric) { return summary.number(metric); };
  tell("{} {:.6f}   raw {:.6f}   averaged {:.6f}   reloaded artifact {:.6f}\n", kBpb.name, number(kBpb),
       number(kBpbRaw), number(kBpbAveraged), number(kBpbQuantized));
  int64_t training_only = summary.training_only_parameters.value_or(0);
  tell("artifact {} bytes   {} parameters{}   trained {}   evaluated {}\n",
       with_commas(summary.artifact_bytes.value_or(0)), with_commas(summary.parameters.value_or(0)),
       training_only ? fmt::format(", {} for training only", with_commas(training_only)) : "",
       duration(number(kTrainSeconds)), duration(number(kEvaluationSeconds)));
  tell("{}\n", folder.string());
}

/// Holds an experiment that is assembled for a number of ranks, and what it was made of.
struct Loaded {
  Registry registry;
  Tree tree;
  Experiment experiment;

  Loaded(const RunArguments& arguments, Device device, int ranks)
      : tree(Tree::load(arguments.experiment.file, arguments.experiment.overrides)),
        experiment(assemble(tree, registry, device)) {
    const Experiment& e = experiment;
    for (const BatchSize& size : e.only<Sampler>()->sizes(e.data.batch()))
      check_batch(size, e.train.accumulation, ranks);
  }
};

/// Starts the ranks on this machine and waits for them.
void launch(const RunArguments& arguments) {
  int ranks = arguments.flags.ranks;
  if (int others = discover_ranks({}).size; others > 1)
    fail_usage(
        "--ranks {} starts processes on this machine, but this is one of {} already; leave "
        "--ranks out, or give --rank too",
        ranks, others);
  // What is wrong with the experiment is said once, before there are several ranks to say it.
  [[maybe_unused]] Loaded checked(arguments, Device::kCpu, ranks);
  int threads = arguments.experiment.threads > 0 ? 0 : std::max(1, core_count() / ranks);
  if (int code = launch_ranks(ranks, threads)) throw Error("", code);
}

std::filesystem::path default_folder(const RunArguments& arguments, const Loaded& loaded, int ranks) {
  if (!is_file_name(arguments.experiment.file.stem().string()))
    fail_usage("{}: its name cannot be the name of a folder; give --output",
               arguments.experiment.file.string());
  RunKey key = run_key(loaded.tree, loaded.experiment, loaded.registry,
                       arguments.options.training.initial_weights, ranks);
  return std::filesystem::path("results") / arguments.experiment.file.stem() / key.run.substr(0, 8);
}

/// Runs the experiment as the rank that keeps the results and prints the summary.
void run_as_first(RunArguments& arguments, Loaded& loaded, int ranks) {
  RunOptions& options = arguments.options;
  if (options.folder.empty()) options.folder = default_folder(arguments, loaded, ranks);
  options.quiet = arguments.json;
  if (!options.quiet)
    for (const std::string& remark : remarks_on(loaded.experiment, sizes_of(loaded.experiment.data)))
      say_aside("warning: " + remark);
  RunSummary summary = run_experiment(loaded.tree, loaded.experiment, loaded.registry, options);
  if (arguments.json)
    tell("{}\n", text_of(written(summary), 2));
  else
    print_summary(summary, options.folder);
}

/// Runs the experiment as one of the ranks, or as the only one.
void run_as_rank(RunArguments& arguments, const Ranks& ranks) {
  set_local_rank(ranks.local_rank);
  Device device = arguments.experiment.prepare();
  Loaded loaded(arguments, device, ranks.size);
  if (device == Device::kCpu) check_memory(loaded.experiment, thread_count(), memory_here());
  std::unique_ptr<Comm> comm = open_comm(ranks, device);
  arguments.options.training.comm = comm.get();
  stop_on_signals();
  if (ranks.rank == 0)
    run_as_first(arguments, loaded, ranks.size);
  else
    run_along(loaded.tree, loaded.experiment, loaded.registry, arguments.options);
}

void run_verb(RunArguments& arguments) {
  if (arguments.seed >= 0) arguments.experiment.overrides.push_back("seed=" + std::to_string(arguments.seed));
  RankFlags& flags = arguments.flags;
  if (flags.ranks > 1 && flags.rank < 0 && flags.local_rank < 0) return launch(arguments);
  if (flags.ranks == 1 && flags.rank < 0) flags.rank = 0;
  Ranks ranks = discover_ranks(flags);
  try {
    run_as_rank(arguments, ranks);
  } catch (const Error& error) {
    if (ranks.rank == 0) throw;
    if (error.code() == kInterrupted) throw Error("", kInterrupted);  // The first rank says so.
    throw Error(message("rank {}: {}", {ranks.rank, error.what()}), error.code());
  }
}

}  // namespace

void add_run_command(CLI::App& app) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* verb = app.add_subcommand("run", "run one experiment from data to score");
  arguments->experiment.declare(*verb);
  verb->add_option("--seed", arguments->seed, "the same as -S seed=N")->check(whole(0, INT64_MAX));
  verb->add_option("--output", arguments->options.folder,
                   "folder of the run; by default results/<file>/<key>");
  verb->add_option("--init-weights", arguments->options.training.initial_weights,
                   "start from the weights in this safetensors file");
  verb->add_flag("--allow-unused-weights", arguments->options.training.allow_unused_weights,
                 "go on where that file holds tensors that the model lacks");
  verb->add_flag("--check-finite", arguments->options.training.check_finite,
                 "look in each step for the first output of a technique that is not finite, which a loss may "
                 "hide; forward passes take twice as long");
  verb->add_option(
      "--store", arguments->options.store,
      "folder where runs that agree up to a stage find its output; by default nothing is shared");
  verb->add_option("--attach", arguments->options.training.attached,
                   "experiment that shares the training: its averagers and validations are attached to it")
      ->take_all()
      ->allow_extra_args(false);
  verb->add_option("--fork-at", arguments->options.training.forks,
                   "steps after which other trainings of the store go their own way")
      ->delimiter(',');
  verb->add_option("--ranks", arguments->flags.ranks,
                   "processes that train together; without --rank they are started on this machine")
      ->check(side_by_side());
  verb->add_option("--rank", arguments->flags.rank,
                   "which of them this is, from 0; by default what torchrun, mpirun or srun says. Rank 0 "
                   "listens at MASTER_ADDR, MASTER_PORT")
      ->check(whole(0, INT32_MAX));
  verb->add_option("--local-rank", arguments->flags.local_rank,
                   "its CUDA device on this machine; by default the rank")
      ->check(zero_or_more());
  verb->add_flag("--fresh", arguments->options.fresh, "start over although the folder holds results");
  verb->add_flag("--strict", arguments->options.strict, "fail when a technique that is on had no effect");
  verb->add_flag("--json", arguments->json, "print the summary as JSON");
  verb->callback([arguments] { run_verb(*arguments); });
}

}  // namespace caddie
