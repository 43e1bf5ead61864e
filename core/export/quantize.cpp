// SPDX-License-Identifier: Apache-2.0
// Packs and unpacks weights in parallel, and checks that an artifact and a model go together.
#include "export/quantize.h"

#include <caddie/weight_loops.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>
#include <utility>

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

/// Holds the plugins that read one tensor back.
struct Readers {
  PluginRef<Quantizer> quantizer;
  std::vector<PluginRef<Corrector>> correctors;
};

template <class Interface>
Call<Interface> plugin_called(const std::string& plugin, std::span<const Routed> parts, const char* kind) {
  for (const Routed& part : parts)
    if (part.technique.plugin == plugin) return part.technique.as<Interface>();
  fail("artifact: {} '{}' is not part of the experiment", kind, plugin);
}

Readers readers_of(const ArtifactTensor& tensor, std::span<const Routed> quantizers,
                   std::span<const Routed> correctors) {
  Readers readers = {plugin_called<Quantizer>(tensor.quantizer, quantizers, "quantizer"), {}};
  for (const Correction& correction : tensor.corrections)
    readers.correctors.push_back(plugin_called<Corrector>(correction.corrector, correctors, "corrector"));
  return readers;
}

Tensor restore_with(const ArtifactTensor& tensor, const Readers& readers) {
  Tensor weight(tensor.shape);
  try {
    readers.quantizer->unpack(tensor.packed, weight);
    for (size_t i = 0; i < readers.correctors.size(); ++i)
      readers.correctors[i]->correct(tensor.corrections[i].packed, weight);
  } catch (const Error& error) {
    throw Error(message("artifact: tensor '{}': {}", {tensor.name, error.what()}), error.code());
  }
  check(weight.shape() == tensor.shape, "artifact: tensor '{}': {} made shape {} of it, not {}", tensor.name,
        tensor.quantizer, weight.shape(), tensor.shape);
  return weight;
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
                  std::span<const Tensor> hessians, std::span<const FineColumns> fine) {
  auto for_each = [&](auto given) { return given.empty() || given.size() == values.size(); };
  check(infos.size() == values.size() && for_each(hessians) && for_each(fine),
        "quantize: there are {} weights, {} values, {} Hessians and {} lists of fine columns", infos.size(),
        values.size(), hessians.size(), fine.size());
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
    bool finer = !fine.empty() && !fine[i].columns.empty();
    auto quantizer = techniques[i]->as<Quantizer>();
    Packed packed = finer ? quantizer->pack_finer(on_host(values[i]), infos[i], hessian, fine[i])
                          : quantizer->pack(on_host(values[i]), infos[i], hessian);
    artifact.tensors[place] = {infos[i].name, techniques[i]->plugin, infos[i].shape, std::move(packed)};
    if (!progress) return;
    std::lock_guard lock(mutex);
    done += infos[i].shape.numel();
    progress(done, all);
  });
  return artifact;
}

Tensor restore(const ArtifactTensor& tensor, std::span<const Routed> quantizers,
               std::span<const Routed> correctors) {
  return restore_with(tensor, readers_of(tensor, quantizers, correctors));
}

std::vector<Tensor> dequantize(const Artifact& artifact, std::span<const WeightInfo> infos,
                               std::span<const Routed> quantizers, std::span<const Routed> correctors) {
  TensorsByName tensors = check_names(artifact, infos);
  std::vector<int> exported = exported_weights(infos);
  std::vector<Readers> readers;
  for (int i : exported)
    readers.push_back(readers_of(*tensors[infos[size_t(i)].name], quantizers, correctors));
  std::vector<Tensor> weights(infos.size());
  parallel_for(int(exported.size()), [&](int k) {
    auto i = size_t(exported[size_t(k)]);
    weights[i] = restore_with(*tensors.at(infos[i].name), readers[size_t(k)]);
  });
  return weights;
}

std::vector<RoundTrip> round_trips(const Artifact& artifact, std::span<const WeightInfo> infos,
                                   std::span<const Tensor> values, std::span<const Routed> quantizers,
                                   std::span<const Routed> correctors) {
  std::vector<Tensor> unpacked = dequantize(artifact, infos, quantizers, correctors);
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

const ArtifactTensor& tensor_of(const Artifact& artifact, const WeightInfo& info) {
  for (const ArtifactTensor& tensor : artifact.tensors)
    if (tensor.name == info.name) return tensor;
  fail("artifact: tensor '{}' is missing", info.name);
}

ArtifactTensor& tensor_of(Artifact& artifact, const WeightInfo& info) {
  return const_cast<ArtifactTensor&>(tensor_of(std::as_const(artifact), info));
}

std::vector<int> zeroed(std::span<const RoundTrip> trips) {
  std::vector<int> indices;
  for (const RoundTrip& trip : trips)
    if (trip.before > 0 && trip.after == 0) indices.push_back(trip.weight);
  return indices;
}

}  // namespace caddie
