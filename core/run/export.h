// SPDX-License-Identifier: Apache-2.0
// The averaged weights become the artifact and are read back from it: quantize -> compress -> read back.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/console.h"
#include "export/export.h"
#include "results/stage_keys.h"
#include "results/stage_records.h"
#include "results/store.h"

namespace caddie {

/// Prunes and quantizes `values`, one for each weight of the model, as the experiment says. `training_text`
/// may serve as calibration text; it may be null when the experiment does not ask for that.
QuantizedModel quantize_weights(Experiment& experiment, std::span<const Tensor> values,
                                const TokenStream* training_text, StatusLine& status);
/// Trims and compresses what quantize_weights() made.
WrittenArtifact compress_weights(const Experiment& experiment, Artifact artifact, StatusLine& status);

/// Runs quantize_weights() and compress_weights() as stages of a run, whose output other runs share.
class ExportStage {
 public:
  /// All arguments must outlive the stage. `training_text` may serve as calibration text.
  ExportStage(Experiment& experiment, const StageKeys& keys, Store& store, const TokenStream& training_text,
              StatusLine& status);

  /// Puts the artifact of `values` at `file`. `weights` names the values: their stage and a hash of them.
  void run(const std::string& weights, std::span<const Tensor> values, const std::filesystem::path& file);

  const std::string& quantized() const { return quantized_; }    // the key of the stage quantize
  const std::string& compressed() const { return compressed_; }  // the key of the stage compress
  int64_t bytes() const { return bytes_; }                       // the size of the file
  double seconds() const { return seconds_; }                    // the time of both stages
  /// Returns the techniques that had nothing to do.
  const std::vector<NoEffect>& without_effect() const { return without_effect_; }

  /// Returns a hash of what the file decompresses to, which identifies its weights.
  const std::string& contents() const { return contents_; }
  /// Returns the weights as read back from the file.
  std::vector<Tensor> reloaded() const { return weights_in(again_, e_.export_parts, *e_.model); }

 private:
  ExportRecord quantize(std::span<const Tensor> values, const std::filesystem::path& folder);
  ExportRecord compress(const std::filesystem::path& folder);
  /// Adds the time and the techniques without effect that a stage's record holds.
  void note(const ExportRecord& record);
  void read_back(const std::filesystem::path& file);

  Experiment& e_;
  const StageKeys& keys_;
  Store& store_;
  const TokenStream& training_text_;
  StatusLine& status_;
  std::string quantized_, compressed_, contents_;
  Artifact again_;  // the artifact as read back
  int64_t bytes_ = 0;
  double seconds_ = 0;
  std::vector<NoEffect> without_effect_;
};

}  // namespace caddie
