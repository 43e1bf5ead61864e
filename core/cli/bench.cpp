// SPDX-License-Identifier: Apache-2.0
// caddie bench train tells how fast this machine trains the baseline's architecture, caddie bench experiment
// how fast it runs an experiment, and caddie bench export how fast it turns weights into an artifact.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "base/text.h"
#include "bench/export.h"
#include "bench/train.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "results/metrics.h"
#include "run/probe.h"

namespace caddie {
namespace {

/// Declares the options that benchmarks of this machine have in common.
void declare_machine(CLI::App& verb, int& threads, bool& json) {
  verb.add_option("--threads", threads, "threads; by default one a core")->check(side_by_side());
  verb.add_flag("--json", json, "print JSON");
}

struct TrainBenchArguments {
  TrainBench bench;
  int threads = 0;
  bool json = false;
};

struct ExportBenchArguments {
  ExportBench bench;
  int threads = 0;
  bool json = false;
};

void print_profile(const Json& parts) {
  tell("\n{:24}{:>12}{:>12}   ms a step, all threads together\n", "part", "forward", "backward");
  for (const Json& part : parts)
    tell("{:24}{:12.2f}{:12.2f}\n", std::string(part["part"]), double(part["forward_ms"]),
         double(part["backward_ms"]));
}

void bench_export_verb(ExportBenchArguments& arguments) {
  start_threads(arguments.threads);
  arguments.bench.quiet = arguments.json;
  Json result = bench_export(arguments.bench);
  if (arguments.json) {
    tell("{}\n", text_of(result, 2));
    return;
  }
  auto seconds = [&](const char* key) { return double(result[key]); };
  tell(
      "{} parameters: prune {:.1f} s, calibrate {:.1f} s, quantize {:.1f} s, trim {:.1f} s, compress "
      "{:.1f} s; read back {:.1f} s ({} threads)\n",
      with_commas(int64_t(result["parameters"])), seconds("prune_s"), seconds("calibrate_s"),
      seconds("quantize_s"), seconds("trim_s"), seconds("compress_s"), seconds("read_s"),
      int(result["threads"]));
  tell("{} bytes of artifact, from a payload of {} whose order-0 entropy is {}; peak memory {} bytes\n",
       with_commas(int64_t(result["bytes"])), with_commas(int64_t(result["payload_bytes"])),
       with_commas(int64_t(result["entropy_bytes"])), with_commas(int64_t(result[kPeakMemoryBytes.name])));
}

void bench_train_verb(const TrainBenchArguments& arguments) {
  start_threads(arguments.threads);
  Json result = bench_train(arguments.bench);
  if (arguments.json) {
    tell("{}\n", text_of(result, 2));
    return;
  }
  const Json& phases = result["phases"];
  tell("{} tokens/s, {:.1f} GFLOP/s, {:.1f} ms a step ({} threads, {})\n",
       with_commas(int64_t(result["tokens_per_second"])), double(result["gflops"]), double(result["step_ms"]),
       int(result["threads"]), std::string(result["isa"]));
  tell("forward and backward {:.1f} ms, optimizers {:.1f} ms, the rest {:.1f} ms\n",
       double(phases["gradient_ms"]), double(phases["optimizer_ms"]), double(phases["rest_ms"]));
  tell("forward only {} tokens/s, peak memory {} bytes\n",
       with_commas(int64_t(result["forward_tokens_per_second"])),
       with_commas(int64_t(result[kPeakMemoryBytes.name])));
  if (arguments.bench.profile) print_profile(result["profile"]);
}

struct ProbeArguments {
  ExperimentArguments experiment;
  double seconds = 1;
  bool json = false;
};

void probe_verb(const ProbeArguments& arguments) {
  Device device = arguments.experiment.prepare();
  Registry registry;
  Experiment experiment =
      load_experiment(arguments.experiment.file, arguments.experiment.overrides, registry, device);
  Speed speed = measure_speed(experiment, Corpus(experiment), arguments.seconds);
  if (arguments.json) {
    Json json = {{"step_seconds", speed.step_seconds},
                 {"evaluation_seconds", speed.evaluation_seconds},
                 {kPeakMemoryBytes.name, speed.peak_mem_bytes}};
    tell("{}\n", text_of(json, 2));
    return;
  }
  double training = speed.step_seconds * double(experiment.budget.steps);
  tell("{:.1f} ms a step, {} for {} steps; {} to evaluate; peak memory {} bytes\n", 1000 * speed.step_seconds,
       duration(training), experiment.budget.steps, duration(speed.evaluation_seconds),
       with_commas(speed.peak_mem_bytes));
}

void add_probe(CLI::App& bench) {
  auto arguments = std::make_shared<ProbeArguments>();
  CLI::App* verb = bench.add_subcommand("experiment", "time a few steps of an experiment");
  arguments->experiment.declare(*verb);
  verb->add_option("--seconds", arguments->seconds, "how long to train")
      ->check(above_zero())
      ->capture_default_str();
  verb->add_flag("--json", arguments->json, "print JSON");
  verb->callback([arguments] { probe_verb(*arguments); });
}

void add_train(CLI::App& bench) {
  auto arguments = std::make_shared<TrainBenchArguments>();
  CLI::App* verb =
      bench.add_subcommand("train",
                           "time full training steps on random tokens; GFLOP/s count the model's "
                           "products, not the optimizers'");
  TrainBench& b = arguments->bench;
  b.experiment = "experiments/baseline.toml";
  verb->add_option("--experiment", b.experiment,
                   "experiment whose techniques are used; its sizes are replaced")
      ->capture_default_str();
  verb->add_option("--layers", b.layers, "blocks of attention and MLP")
      ->check(whole(1, 4096))
      ->capture_default_str();
  verb->add_option("--dim", b.dim, "width of the model")->check(whole(1, 65536))->capture_default_str();
  verb->add_option("--heads", b.heads, "attention heads")->check(whole(1, 65536))->capture_default_str();
  verb->add_option("--kv-heads", b.kv_heads, "heads of keys and values")
      ->check(whole(1, 65536))
      ->capture_default_str();
  verb->add_option("--mlp-mult", b.mlp_mult, "hidden width of the MLP over the model's")
      ->check(above_zero())
      ->capture_default_str();
  verb->add_option("--seq", b.sequence_length, "tokens of a sequence")
      ->check(whole(1, 1048576))
      ->capture_default_str();
  verb->add_option("--batch-tokens", b.batch_tokens, "tokens of a step")
      ->check(whole(1, 16777216))
      ->capture_default_str();
  verb->add_option("--steps", b.steps, "timed steps, after one to warm up")
      ->check(whole(1, 1000000))
      ->capture_default_str();
  verb->add_flag("--profile", b.profile, "say where forward and backward passes spend their time");
  declare_machine(*verb, arguments->threads, arguments->json);
  verb->callback([arguments] { bench_train_verb(*arguments); });
}

void add_export(CLI::App& bench) {
  auto arguments = std::make_shared<ExportBenchArguments>();
  ExportBench& e = arguments->bench;
  e.experiment = "experiments/pr1311.toml";
  CLI::App* verb = bench.add_subcommand("export", "time quantizing and compressing random weights");
  verb->add_option("--experiment", e.experiment, "experiment whose model and [export] are used")
      ->capture_default_str();
  verb->add_option("-S,--set", e.overrides, "override one setting; may be repeated")
      ->take_all()
      ->allow_extra_args(false);
  declare_machine(*verb, arguments->threads, arguments->json);
  verb->callback([arguments] { bench_export_verb(*arguments); });
}

}  // namespace

void add_bench_command(CLI::App& app) {
  CLI::App* bench = app.add_subcommand("bench", "measure this machine");
  bench->require_subcommand(1);
  add_probe(*bench);
  add_train(*bench);
  add_export(*bench);
}

}  // namespace caddie
