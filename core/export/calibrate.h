// SPDX-License-Identifier: Apache-2.0
// Collects the Hessians that quantizers may read: a calibration text runs forward through the model, and the
// second moments of the inputs of each weight are summed.
#pragma once

#include <caddie/settings.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/shards.h"
#include "model/model.h"

namespace caddie {

/// Holds the section [export.calibration] of an experiment.
struct CalibrationSettings {
  std::string text = "sampled";
  int64_t sequences = 64, length = 0;
  double temperature = 0.8, damp = 0.01;
  int accumulators = 4;
  void settings(Settings& s);
};

/// Returns the length of a calibration sequence in tokens. Throws Error when it is below 2, or longer than
/// the `text_tokens` of the text that sequences are cut from; 0 says that the text has no end, or that its
/// length is unknown.
int64_t calibration_length(const CalibrationSettings& settings, int64_t sequence_length, int64_t text_tokens);

/// Holds sequences of one length, one after the other. The last token of each never goes through the model.
struct CalibrationText {
  std::vector<int32_t> tokens;
  int64_t length = 0;
  int64_t sequences() const { return int64_t(tokens.size()) / length; }
};

/// Takes reports of what goes on and how much of it is done. It is never called by two threads at once.
using CalibrationProgress = std::function<void(std::string_view what, int64_t done, int64_t all)>;

/// Returns text that the model writes: the first token of a sequence is drawn evenly, each further one from
/// softmax(logits / temperature), for which the model runs over the whole sequence so far. Sequence i draws
/// from its own random stream.
CalibrationText sample_text(Model& model, std::span<const Tensor> weights,
                            const CalibrationSettings& settings, uint64_t seed,
                            const CalibrationProgress& progress = {});

/// Returns sequences that lie evenly spread over the stream. Throws Error when it is shorter than one of
/// them.
CalibrationText text_from(const TokenStream& stream, const CalibrationSettings& settings,
                          int64_t sequence_length);

/// Holds what a calibration knows of the inputs of each weight of the model, on the CPU; tensors are
/// undefined where it knows nothing.
struct Calibration {
  std::vector<Tensor> hessians;   // [in, in], H of collect_hessians()
  std::vector<Tensor> input_rms;  // [in], the root mean square of each input over all positions, not damped
};

/// Returns, for each weight of `wanted` that linears read, H = sum of x x^T over all inputs x of these
/// linears, divided by the number of sequences, plus damp * max(mean of the diagonal, 1e-6) on the diagonal;
/// and the root mean square of x, which does not grow where layers run more than once. Weights that read the
/// same inputs share one H. Accumulators are filled side by side and added in order, so that the bits depend
/// on settings.accumulators and never on the number of threads; each takes the memory of one H for each of
/// these inputs.
Calibration collect_hessians(Model& model, std::span<const Tensor> weights, const CalibrationText& text,
                             std::span<const int> wanted, const CalibrationSettings& settings,
                             const CalibrationProgress& progress = {});

}  // namespace caddie
