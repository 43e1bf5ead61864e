// SPDX-License-Identifier: Apache-2.0
// Quantizes a sample of random weights, and scales the entropy of the result to the whole model.
#include "export/estimate.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "export/account.h"

namespace caddie {
namespace {

constexpr int64_t kSampleSize = 4096;     // So many numbers are drawn for a weight, rounded up to whole rows.
constexpr int64_t kTrustedSample = 1024;  // From so many elements on an entropy says something.
constexpr double kGrownDeviation = 1;     // It is wide enough to fill the grid of any quantizer.
constexpr double kDirectoryBytes = 7;     // The directory takes so many compressed bytes for a tensor.

/// Returns the shape of the same weight with fewer rows, or fewer elements if it is a vector.
Shape sample_shape(const Shape& shape) {
  if (shape.rank() == 0 || shape.numel() <= kSampleSize) return shape;
  Shape sample;
  int64_t row = shape.numel() / shape[0];
  sample.append(std::min(shape[0], (kSampleSize + row - 1) / row));
  for (int axis = 1; axis < shape.rank(); ++axis) sample.append(shape[axis]);
  return sample;
}

/// Returns a tensor of normal numbers in the shape of the weight, the same at each call.
Tensor normal(const WeightInfo& info, double deviation) {
  Tensor tensor(info.shape);
  Rng rng(0, "estimate/" + info.name);
  for (int64_t i = 0; i < tensor.numel(); ++i) tensor.data()[i] = float(deviation * rng.normal());
  return tensor;
}

/// Returns the weight as it starts. What an initializer will do is not known here: it is taken to keep the
/// size of its input, deviation 1 / sqrt(row length).
Tensor initial(const WeightInfo& info) {
  if (info.init.kind == Init::Kind::kInitializer)
    return normal(info, 1 / std::sqrt(double(std::max<int64_t>(info.shape.last(), 1))));
  if (info.init.kind == Init::Kind::kNormal) return normal(info, info.init.deviation);
  if (info.init.kind == Init::Kind::kUniform) return normal(info, info.init.bound / std::sqrt(3.0));
  Tensor tensor(info.shape);
  auto rows = int64_t(info.init.rows.size());
  int64_t row = std::max<int64_t>(1, tensor.numel() / std::max<int64_t>(rows, 1));
  for (int64_t i = 0; rows > 0 && i < tensor.numel(); ++i)
    tensor.data()[i] = float(info.init.rows[size_t(std::min(i / row, rows - 1))]);
  return tensor;
}

/// Returns the compressed bytes of a weight of which `packed` holds a share of 1 / `factor`.
double packed_bytes(const Packed& packed, double factor) {
  double bytes = 0;
  for (const Array& array : packed) {
    double entropy = entropy_bytes(array);
    bool trusted = array.shape.numel() >= kTrustedSample || entropy == 0;
    bytes += (trusted ? entropy : double(array.bytes.size())) * (array.shape.numel() > 1 ? factor : 1);
  }
  return bytes;
}

/// Holds the compressed bytes of one weight, as initialised and as grown.
struct Ends {
  double initial = 0, grown = 0;
};

Ends estimate(const WeightInfo& info, Quantizer& quantizer) {
  if (info.shape.numel() == 0) return {};
  WeightInfo sample = info;
  sample.shape = sample_shape(info.shape);
  double factor = double(info.shape.numel()) / double(sample.shape.numel());
  return {packed_bytes(quantizer.pack(initial(sample), sample, nullptr), factor) + kDirectoryBytes,
          packed_bytes(quantizer.pack(normal(sample, kGrownDeviation), sample, nullptr), factor) +
              kDirectoryBytes};
}

/// Returns what the allocators and correctors add.
int64_t bytes_across(std::span<const WeightInfo> infos, const Packers& packers) {
  int64_t bytes = 0;
  std::vector<int> bits = raisable_bits(infos.size(), packers.quantizers);
  for (const Routed& allocator : packers.allocators) {
    std::vector<CalibratedWeight> weights;
    for (int i : allocator.weights)
      if (bits[size_t(i)] > 0 && infos[size_t(i)].shape.rank() == 2)
        weights.push_back({&infos[size_t(i)], bits[size_t(i)]});
    bytes += allocator.technique.as<Allocator>()->extra_bytes(weights);
  }
  for (const Routed& corrector : packers.correctors) {
    std::vector<const WeightInfo*> weights;
    for (int i : corrector.weights) weights.push_back(&infos[size_t(i)]);
    bytes += corrector.technique.as<Corrector>()->extra_bytes(weights);
  }
  return bytes;
}

}  // namespace

std::string SizeEstimate::text() const {
  return message(
      "{} to {} bytes: the order-0 entropy of a sample of rows as initialised (normal) and of rows that "
      "fill their quantizer's grid",
      {with_commas(initial), with_commas(grown)});
}

SizeEstimate estimate_size(std::span<const WeightInfo> infos, const Packers& packers) {
  std::vector<Ends> ends(infos.size());
  for (const Routed& quantizer : packers.quantizers)
    parallel_for(int(quantizer.weights.size()), [&](int i) {
      auto index = size_t(quantizer.weights[size_t(i)]);
      ends[index] = estimate(infos[index], quantizer.technique.as<Quantizer>());
    });
  SizeEstimate sum;
  Ends exact;
  for (size_t i = 0; i < infos.size(); ++i) {
    if (infos[i].training_only) continue;
    sum.parameters += infos[i].shape.numel();
    exact.initial += ends[i].initial;
    exact.grown += ends[i].grown;
  }
  int64_t across = bytes_across(infos, packers);
  sum.initial = std::llround(exact.initial) + across;
  sum.grown = std::llround(exact.grown) + across;
  return sum;
}

}  // namespace caddie
