// SPDX-License-Identifier: Apache-2.0
// Turns weights into the tensors of an artifact, and back.
#pragma once

#include "export/artifact.h"
#include "model/technique.h"

#include <functional>
#include <span>
#include <vector>

namespace caddie {

/// Is called after each weight with the number of parameters done so far, never by two threads at once.
using QuantizeProgress = std::function<void(int64_t parameters_done, int64_t parameters)>;

/// Packs values[i], the weight infos[i], with the quantizer that claims it, which is given hessians[i] where
/// that is defined, and told to give the columns in fine[i] more bits; both may be empty. Weights are packed
/// in parallel, so pack() runs on several threads at once. Weights that only training reads are left out. The
/// artifact's compressor is left empty. Throws Error (2) unless every other weight is claimed exactly once.
Artifact quantize(std::span<const WeightInfo> infos, std::span<const Tensor> values,
                  std::span<const Routed> quantizers, const QuantizeProgress& progress = {},
                  std::span<const Tensor> hessians = {}, std::span<const FineColumns> fine = {});

/// Returns one weight again, on the CPU. Throws Error naming the tensor when its arrays do not fit, and the
/// first quantizer or corrector that is not among those given.
Tensor restore(const ArtifactTensor& tensor, std::span<const Routed> quantizers,
               std::span<const Routed> correctors);

/// Returns the weights again, on the CPU, in the order of `infos`; those that only training reads are
/// undefined. Throws Error naming the first tensor that
/// is missing, unknown to the model, of another shape, or that its quantizer cannot unpack, and the first
/// quantizer or corrector that is not among those given.
std::vector<Tensor> dequantize(const Artifact& artifact, std::span<const WeightInfo> infos,
                               std::span<const Routed> quantizers, std::span<const Routed> correctors = {});

/// Holds the largest magnitude of a weight before it was packed and after it is read back; infinity where it
/// holds a number that is not finite.
struct RoundTrip {
  int weight = 0;  // the index of the weight
  float before = 0, after = 0;
};

/// Reads back the weights that quantize() packed in `artifact`, and compares them with `values`, in the order
/// of the artifact's tensors.
std::vector<RoundTrip> round_trips(const Artifact& artifact, std::span<const WeightInfo> infos,
                                   std::span<const Tensor> values, std::span<const Routed> quantizers,
                                   std::span<const Routed> correctors = {});
/// Throws Error naming the first weight that holds, or gives back, a number that is not finite.
void check_finite(std::span<const RoundTrip> trips, const Artifact& artifact);
/// Returns the tensor of a weight. Throws Error when the artifact has none.
ArtifactTensor& tensor_of(Artifact& artifact, const WeightInfo& info);
const ArtifactTensor& tensor_of(const Artifact& artifact, const WeightInfo& info);
/// Returns the indices of the weights that have become zero everywhere and were not.
std::vector<int> zeroed(std::span<const RoundTrip> trips);

}  // namespace caddie
