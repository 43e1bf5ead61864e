// SPDX-License-Identifier: Apache-2.0
// Runs the pruners, the calibration, the quantizers, the trimmers and the compressor in this order.
#include "export/export.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/out_of_memory.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "export/quantize.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

constexpr size_t kSlowBytes = 1 << 22;  // So many bytes take long enough to compress that one says so.

void show_share(StatusLine& status, std::string_view what, int64_t done, int64_t all) {
  if (status.due()) status.show(fmt::format("{}: {:.0f} %", what, 100.0 * double(done) / double(all)));
}

/// Returns the payload in the layout of the experiment, if it has one.
std::string arranged_payload(const Artifact& artifact, const ExportParts& parts) {
  if (!parts.layout) return payload_of(artifact);
  return payload_of(artifact, &*parts.layout->as<Layout>());
}

/// Turns artifacts into files. One that is asked for again, as after a trimmer that changed nothing, is not
/// compressed again.
class CompressionCache {
 public:
  CompressionCache(const ExportParts& parts, StatusLine& status) : parts_(parts), status_(status) {}
  const std::string& file_of(const Artifact& artifact) {
    std::string payload = arranged_payload(artifact, parts_);
    if (!file_.empty() && payload == payload_) return file_;
    payload_ = std::move(payload);
    if (payload_.size() >= kSlowBytes)
      status_.show(fmt::format("compressing {} bytes with {}", with_commas(int64_t(payload_.size())),
                               parts_.compressor.plugin));
    return file_ = seal(payload_, artifact.compressor, parts_.compressor.as<Compressor>());
  }

 private:
  const ExportParts& parts_;
  StatusLine& status_;
  std::string payload_, file_;
};

/// Returns the pruned weights; those that no pruner touches are shared with `given`.
std::vector<Tensor> prune(const ExportParts& parts, const Model& model, std::span<const Tensor> given,
                          std::vector<NoEffect>& without_effect) {
  std::vector<Tensor> weights(given.begin(), given.end());
  for (const Routed& pruner : parts.pruners) {
    std::vector<char> changed(pruner.weights.size());
    parallel_for(int(pruner.weights.size()), [&](int i) {
      int index = pruner.weights[size_t(i)];
      Tensor& weight = weights[size_t(index)];
      Tensor pruned = clone(weight);
      pruner.technique.as<Pruner>()->prune(pruned, model.weights().info(index));
      changed[size_t(i)] = !same_bits(weight, pruned);
      weight = pruned;
    });
    if (std::find(changed.begin(), changed.end(), true) == changed.end())
      without_effect.push_back(
          {Kind::kPruner, pruner.technique.label, true, "it left every weight as it was"});
  }
  return weights;
}

/// Returns what is to be known of the inputs of the weights whose quantizers or allocators want it.
Calibration calibrate(const ExportParts& parts, Model& model, std::span<const Tensor> weights,
                      const TokenStream* training_text, uint64_t seed, StatusLine& status) {
  auto progress = [&](std::string_view what, int64_t done, int64_t all) {
    show_share(status, what, done, all);
  };
  std::vector<int> wanted;
  for (const Routed& quantizer : parts.quantizers)
    if (quantizer.technique.as<Quantizer>()->wants_hessian())
      wanted.insert(wanted.end(), quantizer.weights.begin(), quantizer.weights.end());
  for (const Routed& allocator : parts.allocators)
    wanted.insert(wanted.end(), allocator.weights.begin(), allocator.weights.end());
  const CalibrationSettings& settings = parts.calibration;
  CalibrationText text;
  if (settings.text == "training") {
    check(training_text != nullptr, "calibration: there is no training text; set text = \"sampled\"");
    text = text_from(*training_text, settings, model.shape().sequence_length);
  } else {
    text = sample_text(model, weights, settings, seed, progress);
  }
  return collect_hessians(model, weights, text, wanted, settings, progress);
}

/// Adds the quantizers that got no Hessian for some of their weights.
void note_uncalibrated(const ExportParts& parts, const Model& model, std::span<const Tensor> hessians,
                       std::vector<NoEffect>& without_effect) {
  for (const Routed& quantizer : parts.quantizers) {
    if (!quantizer.technique.as<Quantizer>()->wants_hessian()) continue;
    std::vector<std::string> without;
    for (int index : quantizer.weights)
      if (!hessians[size_t(index)].defined()) without.push_back(model.weights().info(index).name);
    if (!without.empty())
      without_effect.push_back(
          {Kind::kQuantizer, quantizer.technique.label, false,
           fmt::format("no linear reads {} of its {} weights, so that nothing is known of their "
                       "inputs: {}{}",
                       without.size(), quantizer.weights.size(), without[0],
                       without.size() > 1 ? ", ..." : "")});
  }
}

/// Adds the quantizers that turned weights into zeros.
void note_zeroed(const ExportParts& parts, const Model& model, std::span<const int> zeroed,
                 std::vector<NoEffect>& without_effect) {
  for (const Routed& quantizer : parts.quantizers) {
    std::vector<std::string> own;
    for (int index : zeroed)
      if (std::find(quantizer.weights.begin(), quantizer.weights.end(), index) != quantizer.weights.end())
        own.push_back(model.weights().info(index).name);
    if (own.empty()) continue;
    std::string others = own.size() > 1 ? fmt::format(" and {} more", own.size() - 1) : "";
    without_effect.push_back(
        {Kind::kQuantizer, quantizer.technique.label, false,
         fmt::format("it turned {}{} into zeros; give {} finer steps or another quantizer", own[0], others,
                     own.size() > 1 ? "these weights" : "that weight")});
  }
}

/// Gives one trimmer access to the artifact.
class ArtifactPackage final : public Package {
 public:
  ArtifactPackage(Artifact& artifact, CompressionCache& cache, int64_t limit_bytes, int64_t code_bytes,
                  StatusLine& status)
      : artifact_(artifact),
        cache_(cache),
        limit_bytes_(limit_bytes),
        code_bytes_(code_bytes),
        status_(status) {}
  void add(const WeightInfo& info, Packed& packed) { weights_.push_back({&info, &packed}); }
  std::span<const PackedWeight> weights() override { return weights_; }
  int64_t bytes() override {
    int64_t bytes = int64_t(cache_.file_of(artifact_).size()) + code_bytes_;
    if (status_.due())
      status_.show(fmt::format("trimming: {} bytes of {}", with_commas(bytes), with_commas(limit_bytes_)));
    return bytes;
  }
  int64_t limit_bytes() const override { return limit_bytes_; }

 private:
  Artifact& artifact_;
  CompressionCache& cache_;
  int64_t limit_bytes_, code_bytes_;
  StatusLine& status_;
  std::vector<PackedWeight> weights_;
};

/// Throws Error unless the file gives back every array of the artifact. Adds a layout that moved nothing, or
/// with which the file is no smaller.
void judge_layout(const ExportParts& parts, const Artifact& artifact, const std::string& file,
                  std::vector<NoEffect>& without_effect) {
  std::string plain = payload_of(artifact);
  const std::string& label = parts.layout->label;
  check(payload_of(decode_artifact(file, parts)) == plain, "{}: what it gives back is not what it was given",
        label);
  auto without = int64_t(seal(plain, artifact.compressor, parts.compressor.as<Compressor>()).size());
  if (auto with = int64_t(file.size()); with >= without)
    without_effect.push_back({Kind::kLayout, label, false,
                              fmt::format("the file has {} bytes with it and {} without", with_commas(with),
                                          with_commas(without))});
}

std::vector<std::string> bytes_of(const Artifact& artifact) {
  std::vector<std::string> bytes;
  for (const ArtifactTensor& tensor : artifact.tensors)
    for (const Array& array : tensor.packed) bytes.push_back(array.bytes);
  return bytes;
}

}  // namespace

bool ExportParts::reads_training_text() const {
  return wants_calibration() && calibration.text == "training";
}

bool ExportParts::wants_calibration() const {
  return !allocators.empty() ||
         std::any_of(quantizers.begin(), quantizers.end(), [](const Routed& quantizer) {
           return quantizer.technique.as<Quantizer>()->wants_hessian();
         });
}

QuantizedModel quantize_model(const ExportParts& parts, Model& model, std::span<const Tensor> given,
                              const TokenStream* training_text, uint64_t seed, StatusLine& status) {
  QuantizedModel made;
  Stopwatch clock;
  std::vector<Tensor> weights = prune(parts, model, given, made.without_effect);
  Calibration calibration;
  made.prune_seconds = clock.lap();
  if (parts.wants_calibration()) {
    calibration = with_memory_advice(
        "a smaller export.calibration.length, fewer export.calibration.sequences or fewer "
        "export.calibration.accumulators need less",
        [&] { return calibrate(parts, model, weights, training_text, seed, status); });
    note_uncalibrated(parts, model, calibration.hessians, made.without_effect);
  }
  made.calibrate_seconds = clock.lap();
  std::span<const WeightInfo> infos = model.weights().infos();
  Packers packers = parts.packers();
  std::vector<FineColumns> fine = allocate(infos, weights, packers, calibration, made.without_effect);
  made.artifact = quantize(
      infos, weights, parts.quantizers,
      [&](int64_t done, int64_t all) { show_share(status, "quantizing", done, all); }, calibration.hessians,
      fine);
  correct(made.artifact, infos, weights, packers, made.without_effect);
  std::vector<RoundTrip> trips =
      round_trips(made.artifact, infos, weights, parts.quantizers, parts.correctors);
  check_finite(trips, made.artifact);
  note_zeroed(parts, model, zeroed(trips), made.without_effect);
  made.artifact.compressor = parts.compressor.plugin;
  made.artifact.byte_layout = parts.byte_layout;
  made.quantize_seconds = clock.lap();
  return made;
}

WrittenArtifact write_artifact(const ExportParts& parts, std::span<const WeightInfo> infos, Artifact artifact,
                               int64_t limit_bytes, int64_t code_bytes, StatusLine& status) {
  WrittenArtifact written;
  Stopwatch clock;
  CompressionCache cache(parts, status);
  if (parts.layout) artifact.layout = parts.layout->plugin;
  for (const Routed& trimmer : parts.trimmers) {
    std::vector<std::string> before = bytes_of(artifact);
    ArtifactPackage package(artifact, cache, limit_bytes, code_bytes, status);
    for (int i : trimmer.weights) {
      const WeightInfo& info = infos[size_t(i)];
      package.add(info, tensor_of(artifact, info).packed);
    }
    trimmer.technique.as<Trimmer>()->trim(package);
    if (bytes_of(artifact) == before)
      written.without_effect.push_back(
          {Kind::kTrimmer, trimmer.technique.label, false, "there was nothing to trim"});
  }
  written.trim_seconds = clock.lap();
  written.bytes = cache.file_of(artifact);
  if (parts.layout) judge_layout(parts, artifact, written.bytes, written.without_effect);
  if (written.bytes.size() >= payload_of(artifact).size())
    written.without_effect.push_back({Kind::kCompressor, parts.compressor.label, true,
                                      "what it gives out is no smaller than what it got"});
  written.compress_seconds = clock.lap();
  return written;
}

Artifact decode_artifact(std::string_view bytes, const ExportParts& parts) {
  AtWork work(parts.compressor.worker());
  auto compressor = [&](const std::string& plugin) -> const Compressor& {
    check(plugin == parts.compressor.plugin, "artifact: it was compressed with {}, the experiment says {}",
          plugin, parts.compressor.plugin);
    return parts.compressor.as<Compressor>();
  };
  auto layout = [&](const std::string& plugin) -> const Layout& {
    check(parts.layout && plugin == parts.layout->plugin,
          "artifact: its integers are in the layout of {}, the experiment says {}", plugin,
          parts.layout ? parts.layout->plugin : "none");
    return parts.layout->as<Layout>();
  };
  return decode(bytes, compressor, kPayloadLimit, layout);
}

std::vector<Tensor> weights_in(const Artifact& artifact, const ExportParts& parts, const Model& model) {
  std::vector<Tensor> values =
      dequantize(artifact, model.weights().infos(), parts.quantizers, parts.correctors);
  Device device = model.weights().device();
  for (Tensor& value : values) {
    if (device == Device::kCpu || !value.defined()) continue;
    Tensor placed(value.shape(), device);
    copy(value, placed);
    value = placed;
  }
  return values;
}

std::vector<Tensor> read_artifact(std::string_view bytes, const ExportParts& parts, const Model& model) {
  return weights_in(decode_artifact(bytes, parts), parts, model);
}

}  // namespace caddie
