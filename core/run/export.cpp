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

Json json_of(const std::vector<NoEffect>& without_effect) {
  Json all = Json::array();
  for (const NoEffect& one : without_effect)
    all.push_back({{"kind", int(one.kind)},
                   {"technique", one.technique},
                   {"wholly", one.entirely},
                   {"reason", one.reason}});
  return all;
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

void ExportStage::note(const Json& record) {
  seconds_ += double(record.at("seconds"));
  for (const Json& one : record.at("idle"))
    without_effect_.push_back(
        {Kind(int(one.at("kind"))), one.at("technique"), one.at("wholly"), one.at("reason")});
}

Json ExportStage::quantize(std::span<const Tensor> values, const std::filesystem::path& folder) {
  StageScope scope(Stage::kQuantize);
  Stopwatch clock;
  QuantizedModel made = quantize_weights(e_, values, &training_text_, status_);
  if (e_.export_parts.reads_training_text()) check_still_hashed(training_text_);
  write_file(folder / kQuantized, payload_of(made.artifact));
  return {{"stage", "quantize"}, {"seconds", clock.seconds()}, {"idle", json_of(made.without_effect)}};
}

Json ExportStage::compress(const std::filesystem::path& folder) {
  check_not_stopped("after quantizing");
  StageScope scope(Stage::kCompress);
  Stopwatch clock;
  Artifact artifact = artifact_of(read_file(store_.folder(quantized_) / kQuantized));
  artifact.compressor = e_.export_parts.compressor.plugin;
  WrittenArtifact written = compress_weights(e_, std::move(artifact), status_);
  write_file(folder / kArtifactFile, written.bytes);
  return {{"stage", "compress"},
          {"seconds", clock.seconds()},
          {"bytes", written.bytes.size()},
          {"idle", json_of(written.without_effect)}};
}

void ExportStage::read_back(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  bytes_ = int64_t(bytes.size());
  again_ = decode_artifact(bytes, e_.export_parts);
  contents_ = sha256(payload_of(again_));
}

}  // namespace caddie
