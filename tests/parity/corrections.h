// SPDX-License-Identifier: Apache-2.0
// Compares what correctors store with weights.
#pragma once

#include "export/artifact.h"
#include "parity/kinds.h"

namespace caddie::parity {

/// Tells whether upstream stores a low-rank correction with this weight.
bool is_corrected(const SafetensorsFile& expected, const std::string& name);

/// Compares the correction of a weight with upstream's. The signs of singular vectors are free, so that ours
/// have to correct as much as upstream's do, and the factors of the case are to be stored as upstream stores
/// them. `before` is the weight, `uncorrected` what its quantizer gives back, and `after` what is read back.
void check_correction(const Case& c, const ArtifactTensor& tensor, const Tensor& before,
                      const Tensor& uncorrected, const Tensor& after, Verdict& verdict);

}  // namespace caddie::parity
