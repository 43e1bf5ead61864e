// SPDX-License-Identifier: Apache-2.0
#include "export/quantize.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <numeric>

#include "base/text.h"
#include "model/weights.h"

namespace caddie {
namespace {

/// For each weight the technique that claims it.
std::vector<const Technique*> claimants(std::span<const WeightInfo> infos,
                                        std::span<const Routed> quantizers) {
  std::vector<Claim> claims;
  for (const Routed& quantizer : quantizers) claims.push_back({quantizer.technique.label, quantizer.weights});
  check_claimed_once(infos, claims, "quantizer");
  std::vector<const Technique*> techniques(infos.size());
  for (const Routed& quantizer : quantizers)
    for (int index : quantizer.weights) techniques[size_t(index)] = &quantizer.technique;
  return techniques;
}

/// Indices of the weights, large ones first, so that no thread is left with a large one at the end.
std::vector<size_t> by_falling_size(std::span<const WeightInfo> infos) {
  std::vector<size_t> order(infos.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return infos[a].shape.numel() > infos[b].shape.numel(); });
  return order;
}

using TensorsByName = std::map<std::string_view, const ArtifactTensor*>;

TensorsByName check_names(const Artifact& artifact, std::span<const WeightInfo> infos) {
  std::vector<std::string> known;
  for (const WeightInfo& info : infos) known.push_back(info.name);
  TensorsByName tensors;
  for (const ArtifactTensor& tensor : artifact.tensors) {
    check(std::find(known.begin(), known.end(), tensor.name) != known.end(),
          "artifact: tensor '{}' belongs to no weight of the model{}", tensor.name,
          suggestion(tensor.name, known));
    tensors[tensor.name] = &tensor;
  }
  for (const WeightInfo& info : infos) {
    auto found = tensors.find(info.name);
    check(found != tensors.end(), "artifact: tensor '{}' is missing; the model wants it with shape {}",
          info.name, info.shape);
    check(found->second->shape == info.shape, "artifact: tensor '{}' has shape {}, the model wants {}",
          info.name, found->second->shape, info.shape);
  }
  return tensors;
}

Tensor unpack(const ArtifactTensor& tensor, const Quantizer& quantizer) {
  Tensor weight(tensor.shape);
  try {
    quantizer.unpack(tensor.packed, weight);
  } catch (const Error& error) {
    throw Error(message("artifact: tensor '{}': {}", {tensor.name, error.what()}), error.code());
  }
  check(weight.shape() == tensor.shape, "artifact: tensor '{}': {} made shape {} of it, not {}", tensor.name,
        tensor.quantizer, weight.shape(), tensor.shape);
  return weight;
}

}  // namespace

Artifact quantize(std::span<const WeightInfo> infos, std::span<const Tensor> values,
                  std::span<const Routed> quantizers, const QuantizeProgress& progress,
                  std::span<const Tensor> hessians) {
  check(infos.size() == values.size() && (hessians.empty() || hessians.size() == values.size()),
        "quantize: there are {} weights, {} values and {} Hessians", infos.size(), values.size(),
        hessians.size());
  std::vector<const Technique*> techniques = claimants(infos, quantizers);
  std::vector<size_t> order = by_falling_size(infos);
  int64_t done = 0, all = 0;
  for (const WeightInfo& info : infos) all += info.shape.numel();

  Artifact artifact;
  artifact.tensors.resize(infos.size());
  std::mutex mutex;
  parallel_for(int(order.size()), [&](int k) {
    size_t i = order[size_t(k)];
    const Tensor* hessian = !hessians.empty() && hessians[i].defined() ? &hessians[i] : nullptr;
    Packed packed = techniques[i]->as<Quantizer>().pack(on_host(values[i]), infos[i], hessian);
    artifact.tensors[i] = {infos[i].name, techniques[i]->plugin, infos[i].shape, std::move(packed)};
    if (!progress) return;
    std::lock_guard lock(mutex);
    done += infos[i].shape.numel();
    progress(done, all);
  });
  return artifact;
}

std::vector<Tensor> dequantize(const Artifact& artifact, std::span<const WeightInfo> infos,
                               const FindQuantizer& find) {
  TensorsByName tensors = check_names(artifact, infos);
  std::vector<const Quantizer*> quantizers;
  for (const WeightInfo& info : infos) quantizers.push_back(&find(tensors[info.name]->quantizer));
  std::vector<Tensor> weights(infos.size());
  parallel_for(int(infos.size()), [&](int i) {
    weights[size_t(i)] = unpack(*tensors.at(infos[size_t(i)].name), *quantizers[size_t(i)]);
  });
  return weights;
}

}  // namespace caddie
