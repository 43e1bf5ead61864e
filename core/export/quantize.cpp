// SPDX-License-Identifier: Apache-2.0
// Packs and unpacks weights in parallel, and checks that an artifact and a model go together.
#include "export/quantize.h"

#include <caddie/weight_loops.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "base/text.h"
#include "model/weights.h"

namespace caddie {
namespace {

/// Returns for each weight that is exported the technique that claims it. Throws Error unless that is exactly
/// one.
std::vector<const Technique*> claimants(std::span<const WeightInfo> infos,
                                        std::span<const Routed> quantizers) {
  std::vector<Claim> claims;
  for (const Routed& quantizer : quantizers) claims.push_back({quantizer.technique.label, quantizer.weights});
  check_claimed_once(infos, claims, "quantizer", Claimable::kExported);
  std::vector<const Technique*> techniques(infos.size());
  for (const Routed& quantizer : quantizers)
    for (int index : quantizer.weights) techniques[size_t(index)] = &quantizer.technique;
  return techniques;
}

using TensorsByName = std::map<std::string_view, const ArtifactTensor*>;

/// Returns the tensors by name. Throws Error unless they are those of the weights that are exported, in their
/// shapes.
TensorsByName check_names(const Artifact& artifact, std::span<const WeightInfo> infos) {
  std::vector<std::string> known;
  for (int i : exported_weights(infos)) known.push_back(infos[size_t(i)].name);
  TensorsByName tensors;
  for (const ArtifactTensor& tensor : artifact.tensors) {
    check(std::find(known.begin(), known.end(), tensor.name) != known.end(),
          "artifact: tensor '{}' belongs to no weight of the model{}", tensor.name,
          suggestion(tensor.name, known));
    tensors[tensor.name] = &tensor;
  }
  for (int i : exported_weights(infos)) {
    const WeightInfo& info = infos[size_t(i)];
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

Call<Quantizer> quantizer_called(const std::string& plugin, std::span<const Routed> quantizers) {
  for (const Routed& quantizer : quantizers)
    if (quantizer.technique.plugin == plugin) return quantizer.technique.as<Quantizer>();
  fail("artifact: quantizer '{}' is not part of the experiment", plugin);
}

/// Returns the largest magnitude; infinity when a number is not finite.
float largest_magnitude(const Tensor& x) {
  float largest = 0;
  for (const float* v = x.data(); v != x.data() + x.numel(); ++v)
    largest = std::max(largest, std::isfinite(*v) ? std::abs(*v) : std::numeric_limits<float>::infinity());
  return largest;
}

}  // namespace

Artifact quantize(std::span<const WeightInfo> infos, std::span<const Tensor> values,
                  std::span<const Routed> quantizers, const QuantizeProgress& progress,
                  std::span<const Tensor> hessians) {
  check(infos.size() == values.size() && (hessians.empty() || hessians.size() == values.size()),
        "quantize: there are {} weights, {} values and {} Hessians", infos.size(), values.size(),
        hessians.size());
  std::vector<const Technique*> techniques = claimants(infos, quantizers);
  std::vector<int> exported = exported_weights(infos);
  int64_t done = 0, all = 0;
  std::vector<int64_t> sizes;
  for (int i : exported) all += sizes.emplace_back(infos[size_t(i)].shape.numel());
  std::vector<int> order = largest_first(sizes);

  Artifact artifact;
  artifact.tensors.resize(exported.size());
  std::mutex mutex;
  parallel_for(int(order.size()), [&](int k) {
    auto place = size_t(order[size_t(k)]);
    auto i = size_t(exported[place]);
    const Tensor* hessian = !hessians.empty() && hessians[i].defined() ? &hessians[i] : nullptr;
    Packed packed = techniques[i]->as<Quantizer>()->pack(on_host(values[i]), infos[i], hessian);
    artifact.tensors[place] = {infos[i].name, techniques[i]->plugin, infos[i].shape, std::move(packed)};
    if (!progress) return;
    std::lock_guard lock(mutex);
    done += infos[i].shape.numel();
    progress(done, all);
  });
  return artifact;
}

std::vector<Tensor> dequantize(const Artifact& artifact, std::span<const WeightInfo> infos,
                               std::span<const Routed> quantizers) {
  TensorsByName tensors = check_names(artifact, infos);
  std::vector<int> exported = exported_weights(infos);
  std::vector<PluginRef<Quantizer>> packers;
  for (int i : exported)
    packers.push_back(quantizer_called(tensors[infos[size_t(i)].name]->quantizer, quantizers));
  std::vector<Tensor> weights(infos.size());
  parallel_for(int(exported.size()), [&](int k) {
    auto i = size_t(exported[size_t(k)]);
    weights[i] = unpack(*tensors.at(infos[i].name), packers[size_t(k)].call());
  });
  return weights;
}

std::vector<RoundTrip> round_trips(const Artifact& artifact, std::span<const WeightInfo> infos,
                                   std::span<const Tensor> values, std::span<const Routed> quantizers) {
  std::vector<Tensor> unpacked = dequantize(artifact, infos, quantizers);
  std::vector<int> exported = exported_weights(infos);
  std::vector<RoundTrip> trips(exported.size());
  parallel_for(int(exported.size()), [&](int k) {
    int i = exported[size_t(k)];
    trips[size_t(k)] = {i, largest_magnitude(on_host(values[size_t(i)])),
                        largest_magnitude(unpacked[size_t(i)])};
  });
  return trips;
}

void check_finite(std::span<const RoundTrip> trips, const Artifact& artifact) {
  for (size_t i = 0; i < trips.size(); ++i) {
    const ArtifactTensor& tensor = artifact.tensors[i];
    check(std::isfinite(trips[i].before), "{} holds numbers that are not finite; nothing can be exported",
          tensor.name);
    check(
        std::isfinite(trips[i].after),
        "{} reaches {}, which {} cannot store: what is read back is not finite; give it to another quantizer",
        tensor.name, trips[i].before, tensor.quantizer);
  }
}

ArtifactTensor& tensor_of(Artifact& artifact, const WeightInfo& info) {
  for (ArtifactTensor& tensor : artifact.tensors)
    if (tensor.name == info.name) return tensor;
  fail("artifact: tensor '{}' is missing", info.name);
}

std::vector<int> zeroed(std::span<const RoundTrip> trips) {
  std::vector<int> indices;
  for (const RoundTrip& trip : trips)
    if (trip.before > 0 && trip.after == 0) indices.push_back(trip.weight);
  return indices;
}

}  // namespace caddie
