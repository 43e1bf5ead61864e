// SPDX-License-Identifier: Apache-2.0
// The trainer of real runs takes its steps on one batch of random tokens.
#include "bench/train.h"

#include <caddie/parallel.h>
#include <caddie/random.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "autograd/profile.h"
#include "base/median.h"
#include "device/gemm.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"
#include "results/metrics.h"
#include "results/provenance.h"

namespace caddie {
namespace {

Batch random_batch(const TrainBench& bench, int vocabulary, Rng& rng) {
  Batch batch;
  batch.length = bench.sequence_length;
  batch.rows = bench.batch_tokens / bench.sequence_length;
  auto n = size_t(batch.rows * batch.length);
  for (size_t i = 0; i < n; ++i) {
    batch.inputs.push_back(int32_t(rng.below(uint64_t(vocabulary))));
    batch.targets.push_back(int32_t(rng.below(uint64_t(vocabulary))));
  }
  return batch;
}

/// Counts the multiplications and additions that the model cannot do without in one step: for every matrix
/// the forward product and the gradients of its input and of itself, and the same for the causal half of
/// attention.
double useful_flops(const TrainBench& bench, const Model& model) {
  const ModelShape& m = model.shape();
  double linear = double(m.vocabulary) * m.width;
  for (const WeightInfo& info : model.weights().infos())
    if (info.role == Role::kMatrix) linear += double(info.shape[0]) * double(info.shape[1]);
  double attention = 6.0 * double(bench.sequence_length) * m.width * m.layers;
  return double(bench.batch_tokens) * (6 * linear + attention);
}

std::vector<std::string> overrides_of(const TrainBench& b) {
  return {fmt::format("model.layers={}", b.layers),
          fmt::format("model.dim={}", b.dim),
          fmt::format("model.heads={}", b.heads),
          fmt::format("model.kv_heads={}", b.kv_heads),
          fmt::format("model.mlp_mult={}", b.mlp_mult),
          fmt::format("data.sequence_length={}", b.sequence_length),
          fmt::format("data.batch_tokens={}", b.batch_tokens),
          "train.accumulation=1"};
}

/// Returns the tokens per second of forward passes alone, as the median of three.
double forward_rate(Model& model, const TrainBench& bench, const Batch& batch) {
  Vocabulary bytes(ByteTables{std::vector<int16_t>(size_t(model.shape().vocabulary), 1),
                              std::vector<uint8_t>(size_t(model.shape().vocabulary)),
                              std::vector<uint8_t>(size_t(model.shape().vocabulary))});
  std::vector<int32_t> stream = batch.inputs;
  stream.push_back(0);
  ModelScorer scorer(model, model.weights().values(), stream, bytes, 1024);
  std::vector<Window> windows;
  for (int64_t row = 0; row < batch.rows; ++row)
    windows.push_back({row * bench.sequence_length, bench.sequence_length, 0});
  std::vector<double> seconds;
  for (int i = 0; i < 3; ++i) seconds.push_back(scorer.score(windows, 1).seconds);
  return double(bench.batch_tokens) / median(seconds);
}

/// Returns the milliseconds of a step by part of the model.
Json profile_json(int64_t steps) {
  Json parts = Json::array();
  for (const PartTime& time : profile())
    parts.push_back({{"part", time.part},
                     {"forward_ms", 1000 * time.forward / double(steps)},
                     {"backward_ms", 1000 * time.backward / double(steps)}});
  return parts;
}

}  // namespace

Json bench_train(const TrainBench& bench) {
  Registry registry;
  Experiment e = load_experiment(bench.experiment, overrides_of(bench), registry, Device::kCpu);
  Model& model = *e.model;
  model.initialize(e.only<Initializer>(), 1);
  Trainer trainer(model, e.optimizers, e.only<Schedule>(), e.train, e.budget);
  trainer.multiply_rates_by(e.rate_factors);
  Rng rng(1, "bench");
  std::vector<Batch> batch = {random_batch(bench, model.shape().vocabulary, rng)};
  std::vector<double> seconds, gradient, update, rest;
  StepReport report = trainer.step(batch);
  set_profiling(bench.profile);
  for (int64_t i = 0; i < bench.steps; ++i) {
    report = trainer.step(batch);
    seconds.push_back(report.seconds);
    gradient.push_back(1000 * report.phases.gradient);
    update.push_back(1000 * report.phases.update);
    rest.push_back(1000 * (report.seconds - report.phases.gradient - report.phases.update));
  }
  Json parts = profile_json(bench.steps);
  set_profiling(false);
  double middle = median(seconds);
  Json result = {
      {"tokens_per_second", double(bench.batch_tokens) / middle},
      {"best_tokens_per_second",
       double(bench.batch_tokens) / *std::min_element(seconds.begin(), seconds.end())},
      {"gflops", useful_flops(bench, model) / middle / 1e9},
      {"step_ms", 1000 * middle},
      {"phases",
       {{"gradient_ms", median(gradient)}, {"optimizer_ms", median(update)}, {"rest_ms", median(rest)}}},
      {"forward_tokens_per_second", forward_rate(model, bench, batch[0])},
      {"parameters", model.weights().parameters()},
      {"loss", report.loss},
      {kPeakMemoryBytes.name, peak_memory_bytes()},
      {"isa", isa_name()},
      {"threads", thread_count()}};
  if (bench.profile) result["profile"] = parts;
  return result;
}

}  // namespace caddie
