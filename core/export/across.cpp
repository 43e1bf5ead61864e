// SPDX-License-Identifier: Apache-2.0
// Shows each technique the weights that it claims, and checks what it returns of them.
#include "export/across.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/quantize.h"

namespace caddie {
namespace {

/// Throws Error unless the columns rise within a matrix and get more bits than the others.
void check_columns(const FineColumns& fine, const CalibratedWeight& weight, const std::string& allocator) {
  int64_t end = 0;
  for (const Columns& columns : fine.columns) {
    check(columns.begin >= end && columns.begin < columns.end && columns.end <= weight.info->shape[1],
          "{}: columns {} to {} of {}, which has shape {}, are none, or do not rise", allocator,
          columns.begin, columns.end, weight.info->name, weight.info->shape);
    end = columns.end;
  }
  check(fine.columns.empty() || (fine.bits > weight.bits && fine.bits <= 8),
        "{}: columns of {} are to have {} bits; more than {} and at most 8 are possible", allocator,
        weight.info->name, fine.bits, weight.bits);
}

/// Returns the sum of squares of a - b.
double squared_distance(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.numel(); ++i) {
    double difference = double(a.data()[i]) - double(b.data()[i]);
    sum += difference * difference;
  }
  return sum;
}

/// Returns the weights that a corrector claims, as they were and as they are read back.
std::vector<RestoredWeight> restored_weights(const Routed& corrector, const Artifact& artifact,
                                             std::span<const WeightInfo> infos,
                                             std::span<const Tensor> values, const Packers& packers) {
  std::vector<RestoredWeight> weights(corrector.weights.size());
  parallel_for(int(weights.size()), [&](int i) {
    auto index = size_t(corrector.weights[size_t(i)]);
    weights[size_t(i)] = {&infos[index], on_host(values[index]),
                          restore(tensor_of(artifact, infos[index]), packers.quantizers, packers.correctors)};
  });
  return weights;
}

/// Corrects the artifact with one technique, and returns what there is to say of its effect; "" when it had
/// one.
std::string correct_with(const Routed& corrector, Artifact& artifact, std::vector<RestoredWeight> weights) {
  const std::string& label = corrector.technique.label;
  std::vector<Packed> corrections = corrector.technique.as<Corrector>()->pack(weights);
  check(corrections.size() == weights.size(), "{}: it corrects {} weights of {}", label, corrections.size(),
        weights.size());
  int64_t corrected = 0;
  double before = 0, after = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (corrections[i].empty()) continue;
    ++corrected;
    RestoredWeight& weight = weights[i];
    before += squared_distance(weight.weight, weight.restored);
    corrector.technique.as<Corrector>()->correct(corrections[i], weight.restored);
    after += squared_distance(weight.weight, weight.restored);
    tensor_of(artifact, *weight.info)
        .corrections.push_back({corrector.technique.plugin, std::move(corrections[i])});
  }
  if (corrected == 0) return "it corrected none of its weights";
  if (after < before) return "";
  return fmt::format(
      "the {} weights that it corrected are no nearer to what they were: squared error {} with it, "
      "{} without",
      corrected, after, before);
}

}  // namespace

std::vector<int> raisable_bits(size_t weights, std::span<const Routed> quantizers) {
  std::vector<int> bits(weights);
  for (const Routed& quantizer : quantizers)
    for (int index : quantizer.weights)
      bits[size_t(index)] = quantizer.technique.as<Quantizer>()->raisable_bits();
  return bits;
}

std::vector<FineColumns> allocate(std::span<const WeightInfo> infos, std::span<const Tensor> values,
                                  const Packers& packers, const Calibration& calibration,
                                  std::vector<NoEffect>& without_effect) {
  std::vector<FineColumns> fine(infos.size());
  if (packers.allocators.empty()) return fine;
  std::vector<int> bits = raisable_bits(infos.size(), packers.quantizers);
  for (const Routed& allocator : packers.allocators) {
    const std::string& label = allocator.technique.label;
    std::vector<CalibratedWeight> weights;
    std::vector<Tensor> hosts;
    std::vector<size_t> indices;
    for (int claimed : allocator.weights) {
      auto i = size_t(claimed);
      bool known = !calibration.input_rms.empty() && calibration.input_rms[i].defined();
      if (bits[i] == 0 || !known || infos[i].shape.rank() != 2) continue;
      hosts.push_back(on_host(values[i]));
      weights.push_back({&infos[i], bits[i], nullptr, &calibration.input_rms[i]});
      indices.push_back(i);
    }
    for (size_t k = 0; k < weights.size(); ++k) weights[k].weight = &hosts[k];
    std::vector<FineColumns> chosen = allocator.technique.as<Allocator>()->choose(weights);
    check(chosen.size() == weights.size(), "{}: it chose among {} weights of {}", label, chosen.size(),
          weights.size());
    int64_t count = 0;
    for (size_t k = 0; k < weights.size(); ++k) {
      check_columns(chosen[k], weights[k], label);
      if (chosen[k].columns.empty()) continue;
      check(fine[indices[k]].columns.empty(), "{}: another allocator has chosen columns of {} before", label,
            weights[k].info->name);
      fine[indices[k]] = std::move(chosen[k]);
      ++count;
    }
    if (count == 0)
      without_effect.push_back(
          {Kind::kAllocator, label, true,
           weights.empty()
               ? "it claims no matrix whose inputs are known and whose quantizer can give more bits"
               : "it gave no columns more bits"});
  }
  return fine;
}

void correct(Artifact& artifact, std::span<const WeightInfo> infos, std::span<const Tensor> values,
             const Packers& packers, std::vector<NoEffect>& without_effect) {
  for (const Routed& corrector : packers.correctors) {
    std::string reason =
        correct_with(corrector, artifact, restored_weights(corrector, artifact, infos, values, packers));
    if (!reason.empty())
      without_effect.push_back({Kind::kCorrector, corrector.technique.label, true, reason});
  }
}

}  // namespace caddie
