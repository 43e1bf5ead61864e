// SPDX-License-Identifier: Apache-2.0
#include "run/export.h"

#include "base/files.h"
#include "base/hash.h"
#include "base/stopwatch.h"

namespace caddie {
namespace {

constexpr const char* kQuantized = "quantized.bin";  // the payload of an artifact
constexpr const char* kArtifact = "artifact.bin";

Json json_of(const std::vector<Idle>& idle) {
  Json all = Json::array();
  for (const Idle& one : idle)
    all.push_back({{"kind", int(one.kind)},
                   {"technique", one.technique},
                   {"wholly", one.wholly},
                   {"reason", one.reason}});
  return all;
}

}  // namespace

ExportStage::ExportStage(Experiment& experiment, const StageKeys& keys, Store& store,
                         const TokenStream& training_text, StatusLine& status)
    : e_(experiment), keys_(keys), store_(store), training_text_(training_text), status_(status) {}

void ExportStage::run(const std::string& weights, std::span<const Tensor> values,
                      const std::filesystem::path& file) {
  quantized_ = keys_.quantize(weights);
  compressed_ = keys_.compress(quantized_);
  note(store_.get(quantized_,
                  [&](const std::filesystem::path& folder) { return quantize_weights(values, folder); }));
  note(store_.get(compressed_,
                  [&](const std::filesystem::path& folder) { return compress_quantized(folder); }));
  place_file(store_.folder(compressed_) / kArtifact, file);
  read_back(file);
}

void ExportStage::note(const Json& record) {
  seconds_ += double(record.at("seconds"));
  for (const Json& one : record.at("idle"))
    idle_.push_back({Kind(int(one.at("kind"))), one.at("technique"), one.at("wholly"), one.at("reason")});
}

Json ExportStage::quantize_weights(std::span<const Tensor> values, const std::filesystem::path& folder) {
  Stopwatch clock;
  QuantizedModel made =
      quantize_model(e_.export_parts, *e_.model, values, &training_text_, uint64_t(e_.seed), status_);
  write_file(folder / kQuantized, payload_of(made.artifact));
  return {{"stage", "quantize"}, {"seconds", clock.seconds()}, {"idle", json_of(made.idle)}};
}

Json ExportStage::compress_quantized(const std::filesystem::path& folder) {
  Stopwatch clock;
  Artifact artifact = artifact_of(read_file(store_.folder(quantized_) / kQuantized));
  artifact.compressor = e_.export_parts.compressor.plugin;
  WrittenArtifact written = write_artifact(e_.export_parts, e_.model->weights().infos(), std::move(artifact),
                                           e_.budget.artifact_bytes, e_.budget.code_bytes, status_);
  write_file(folder / kArtifact, written.bytes);
  return {{"stage", "compress"},
          {"seconds", clock.seconds()},
          {"bytes", written.bytes.size()},
          {"idle", json_of(written.idle)}};
}

void ExportStage::read_back(const std::filesystem::path& file) {
  std::string bytes = read_file(file);
  bytes_ = int64_t(bytes.size());
  again_ = decode_artifact(bytes, e_.export_parts);
  contents_ = sha256(payload_of(again_));
}

}  // namespace caddie
