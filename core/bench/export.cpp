// SPDX-License-Identifier: Apache-2.0
// A model with random weights goes through the same functions that export a trained one.
#include "bench/export.h"

#include <caddie/parallel.h>
#include <caddie/random.h>

#include <optional>

#include "base/stopwatch.h"
#include "experiment/experiment.h"
#include "export/account.h"
#include "results/metrics.h"
#include "results/provenance.h"

namespace caddie {
namespace {

/// Fills every matrix with normal numbers of deviation 1, from a random stream of its name.
void fill(WeightTable& weights) {
  parallel_for(weights.size(), [&](int i) {
    const WeightInfo& info = weights.info(i);
    if (info.shape.rank() != 2) return;
    Tensor values(info.shape);
    Rng rng(1, info.name);
    for (int64_t k = 0; k < values.numel(); ++k) values.data()[k] = float(rng.normal());
    copy(values, weights.value(i));
  });
}

}  // namespace

Json bench_export(const ExportBench& bench) {
  Registry registry;
  Experiment e = load_experiment(bench.experiment, bench.overrides, registry, Device::kCpu);
  Model& model = *e.model;
  model.initialize(e.only<Initializer>(), 1);
  fill(model.weights());
  const ExportParts& parts = e.export_parts;
  std::optional<TokenStream> text;
  if (parts.reads_training_text()) text.emplace(e.data.train);
  StatusLine status(bench.quiet);
  QuantizedModel quantized =
      quantize_model(parts, model, model.weights().values(), text ? &*text : nullptr, 1, status);
  double entropy = total(account(quantized.artifact, group_by_name, nullptr)).entropy_bytes;
  size_t payload = payload_of(quantized.artifact).size();
  WrittenArtifact written = write_artifact(parts, model.weights().infos(), std::move(quantized.artifact),
                                           e.budget.artifact_bytes, e.budget.code_bytes, status);
  Stopwatch clock;
  read_artifact(written.bytes, parts, model);
  double read = clock.seconds();
  return {{"parameters", model.weights().parameters()},
          {"prune_s", quantized.prune_seconds},
          {"calibrate_s", quantized.calibrate_seconds},
          {"quantize_s", quantized.quantize_seconds},
          {"trim_s", written.trim_seconds},
          {"compress_s", written.compress_seconds},
          {"read_s", read},
          {"bytes", written.bytes.size()},
          {"payload_bytes", payload},
          {"entropy_bytes", int64_t(entropy)},
          {kPeakMemoryBytes.name, peak_memory_bytes()},
          {"threads", thread_count()}};
}

}  // namespace caddie
