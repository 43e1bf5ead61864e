// SPDX-License-Identifier: Apache-2.0
// Runs the techniques of the export that compare weights with each other: those that give columns more bits
// before weights are quantized, and those that correct them afterwards.
#pragma once

#include <span>
#include <vector>

#include "export/artifact.h"
#include "export/calibrate.h"
#include "export/no_effect.h"
#include "model/technique.h"

namespace caddie {

/// Holds the techniques that turn weights into an artifact together. Each span may be empty but that of the
/// quantizers.
struct Packers {
  std::span<const Routed> allocators = {}, quantizers = {}, correctors = {};
};

/// Returns for each of so many weights the bits that its quantizer can raise; 0 where it cannot.
std::vector<int> raisable_bits(size_t weights, std::span<const Routed> quantizers);

/// Returns, for each weight, the columns that get more bits. Allocators see the matrices that they claim
/// whose inputs `calibration` knows and whose quantizers can give more. Adds the allocators that chose
/// nothing to `without_effect`. Throws Error when two of them choose columns of one weight, or when columns
/// do not fit.
std::vector<FineColumns> allocate(std::span<const WeightInfo> infos, std::span<const Tensor> values,
                                  const Packers& packers, const Calibration& calibration,
                                  std::vector<NoEffect>& without_effect);

/// Adds to the artifact, which holds values[i], the weight infos[i], what the correctors store with it. Adds
/// those to `without_effect` that corrected nothing, or after which weights are no nearer to what they were.
/// Takes the memory of two float32 copies of the weights that one corrector claims.
void correct(Artifact& artifact, std::span<const WeightInfo> infos, std::span<const Tensor> values,
             const Packers& packers, std::vector<NoEffect>& without_effect);

}  // namespace caddie
