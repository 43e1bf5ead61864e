// SPDX-License-Identifier: Apache-2.0
// Quantizing and compressing are stages of the store; the artifact in the run's folder is decoded again.
#include "run/export.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/stopwatch.h"
#include "process/interrupt.h"
#include "results/fingerprint.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

constexpr const char* kQuantized = "quantized.bin";  // holds the payload of an artifact

ExportRecord record_of(const Stopwatch& clock, const std::vector<NoEffect>& without_effect) {
  ExportRecord record = {clock.seconds(), {}};
  for (const NoEffect& one : without_effect)
    record.idle.push_back({int(one.kind), one.technique, one.reason, one.entirely});
  return record;
}

}  // namespace

QuantizedModel quantize_weights(Experiment& e, std::span<const Tensor> values,
                                const TokenStream* training_text, StatusLine& status) {
  return quantize_model(e.export_parts, *e.model, values, training_text, uint64_t(e.seed), status);
}

WrittenArtifact compress_weights(const Experiment& e, Artifact artifact, StatusLine& status) {
  return write_artifact(e.export_parts, e.model->weights().infos(), std::move(artifact),
                        e.budget.artifact_bytes, e.budget.code_bytes, status);
}

ExportStage::ExportStage(Experiment& experiment, const StageKeys& keys, Store& store,
                         const TokenStream& training_text, StatusLine& status)
    : e_(experiment), keys_(keys), store_(store), training_text_(training_text), status_(status) {}

void ExportStage::run(const std::string& weights, std::span<const Tensor> values,
                      const std::filesystem::path& file) {
  quantized_ = keys_.quantize(weights);
  compressed_ = keys_.compress(quantized_);
  note(store_.get(quantized_, [&](const std::filesystem::path& folder) { return quantize(values, folder); }));
  note(store_.get(compressed_, [&](const std::filesystem::path& folder) { return compress(folder); }));
  place_file(store_.folder(compressed_) / kArtifactFile, file);
  read_back(file);
}

void ExportStage::note(const ExportRecord& record) {
  seconds_ += record.seconds;
  for (const IdleTechnique& one : record.idle)
    without_effect_.push_back({Kind(one.kind), one.technique, one.wholly, one.reason});
}

ExportRecord ExportStage::quantize(std::span<const Tensor> values, const std::filesystem::path& folder) {
  StageScope scope(Stage::kQuantize);
  Stopwatch clock;
  QuantizedModel made = quantize_weights(e_, values, &training_text_, status_);
  if (e_.export_parts.reads_training_text()) check_still_hashed(training_text_);
  write_file(folder / kQuantized, payload_of(made.artifact));
  return record_of(clock, made.without_effect);
}

ExportRecord ExportStage::compress(const std::filesystem::path& folder) {
  check_not_stopped("after quantizing");
  StageScope scope(Stage::kCompress);
  Stopwatch clock;
  Artifact artifact = artifact_of(read_file(store_.folder(quantized_) / kQuantized));
  artifact.compressor = e_.export_parts.compressor.plugin;
  WrittenArtifact written = compress_weights(e_, std::move(artifact), status_);
  write_file(folder / kArtifactFile, written.bytes);
  return record_of(clock, written.without_effect);
}

void ExportStage::read_back(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  bytes_ = int64_t(bytes.size());
  again_ = decode_artifact(bytes, e_.export_parts);
  contents_ = sha256(payload_of(again_));
}

}  // namespace caddie
