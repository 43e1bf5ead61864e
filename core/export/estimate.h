// SPDX-License-Identifier: Apache-2.0
// Estimates how large an artifact will be, before anything is trained.
#pragma once

#include "export/across.h"

#include <cstdint>
#include <span>
#include <string>

namespace caddie {

/// Holds the compressed bytes of the model at two ends: with weights still as they are initialised, and with
/// weights that have grown until each row fills its quantizer's grid. Trained weights lie between, nearer to
/// `grown`.
struct SizeEstimate {
  int64_t parameters = 0;
  int64_t initial = 0, grown = 0;  // in bytes
  /// Returns the estimate for people, with its assumption.
  std::string text() const;
};

/// Packs a few rows of each weight, drawn from a normal distribution, and counts the entropy of what its
/// quantizer makes of them; allocators and correctors say themselves what they add. This takes less than 0.1
/// s for 27 million parameters. Every weight must be claimed by one quantizer.
SizeEstimate estimate_size(std::span<const WeightInfo> infos, const Packers& packers);

}  // namespace caddie
