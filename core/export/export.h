// SPDX-License-Identifier: Apache-2.0
// Turns averaged weights into the bytes of an artifact, and back:
//
//   quantize_model: prune -> calibrate, if a technique wants it -> allocate -> quantize -> correct
//   write_artifact: trim -> lay out -> compress
//   read_artifact:  expand -> dequantize, with corrections
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/console.h"
#include "export/across.h"
#include "export/artifact.h"
#include "export/calibrate.h"

namespace caddie {

/// Holds the section [export] of an experiment. Pruners act in the order in which they stand, and so do
/// correctors and trimmers.
struct ExportParts {
  std::vector<Routed> pruners, allocators, quantizers, correctors, trimmers;
  CalibrationSettings calibration;
  std::optional<Technique> layout;
  Technique compressor;
  ByteLayout byte_layout;

  /// Returns whether a quantizer wants the second moments of the inputs, or an allocator their size.
  bool wants_calibration() const;
  Packers packers() const { return {allocators, quantizers, correctors}; }
  /// Returns whether calibration is wanted and runs on the text that was trained on.
  bool reads_training_text() const;
};

/// Holds what quantize_model() made.
struct QuantizedModel {
  Artifact artifact;
  std::vector<NoEffect> without_effect;
  double prune_seconds = 0, calibrate_seconds = 0, quantize_seconds = 0;
};

/// Prunes, calibrates and quantizes `weights`, which are averaged ones and stay as they are. `training_text`
/// may be null; sampled calibration text is drawn with `seed`. Equal arguments give equal bytes, for any
/// number of threads. Shows on `status` what goes on.
QuantizedModel quantize_model(const ExportParts& parts, Model& model, std::span<const Tensor> weights,
                              const TokenStream* training_text, uint64_t seed, StatusLine& status);

/// Holds what write_artifact() made.
struct WrittenArtifact {
  std::string bytes;  // the bytes of the file
  std::vector<NoEffect> without_effect;
  double trim_seconds = 0, compress_seconds = 0;
};

/// Trims, lays out and compresses an artifact. What a layout wrote is read again, and must be the same.
/// `infos` are the model's weights, in the order of its tensors. Trimmers are told that the file and
/// `code_bytes` may take `limit_bytes` together.
WrittenArtifact write_artifact(const ExportParts& parts, std::span<const WeightInfo> infos, Artifact artifact,
                               int64_t limit_bytes, int64_t code_bytes, StatusLine& status);

/// Returns what a file holds. Throws Error when it is damaged, or written with another compressor or layout
/// than those of `parts`.
Artifact decode_artifact(std::string_view bytes, const ExportParts& parts);

/// Returns the weights in an artifact, on the device of the model, in the order of its weights; those that
/// only training reads are undefined. Throws Error when they are those of another model, or want quantizers
/// or correctors that `parts` lacks.
std::vector<Tensor> weights_in(const Artifact& artifact, const ExportParts& parts, const Model& model);

/// Decodes a file and returns its weights: decode_artifact(), then weights_in().
std::vector<Tensor> read_artifact(std::string_view bytes, const ExportParts& parts, const Model& model);

}  // namespace caddie
