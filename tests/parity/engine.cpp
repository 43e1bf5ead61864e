// SPDX-License-Identifier: Apache-2.0
#include "parity/engine.h"

#include <algorithm>

namespace caddie::parity {

Facts model_facts(const Case& c, int64_t sequence_length) {
  Facts facts = {{"seq_len", sequence_length}};
  add(facts, c.config());
  for (const auto& [key, value] : c.at("numerics").items())
    if (value.is_number() && key != "world_size") facts[key] = value;
  return facts;
}

Experiment assemble(Tree& tree, Bench& bench) {
  return caddie::assemble(tree, bench.registry(), Device::kCpu);
}

void set_weights(Model& model, const SafetensorsFile& file, const std::vector<std::string>& unread) {
  const WeightTable& weights = model.weights();
  for (int i = 0; i < weights.size(); ++i) {
    Tensor stored = file.floats(weights.info(i).name);
    check(stored.shape() == weights.info(i).shape, "weight '{}' has shape {} in the model and {} in the case",
          weights.info(i).name, weights.info(i).shape, stored.shape());
    copy(stored, weights.value(i));
  }
  for (const std::string& name : file.names())
    check(weights.find(name) >= 0 || std::find(unread.begin(), unread.end(), name) != unread.end(),
          "the model lacks the weight '{}' of the case", name);
}

void compare_weights(const Model& model, std::span<const Tensor> values, const SafetensorsFile& file,
                     const std::string& what, double tolerance, Verdict& verdict) {
  for (int i = 0; i < model.weights().size(); ++i) {
    const std::string& name = model.weights().info(i).name;
    verdict.within(what + " " + name, largest_difference(numbers(values[size_t(i)]), file.doubles(name)),
                   tolerance);
  }
}

CaseBatches::CaseBatches(const Case& c) {
  SafetensorsFile file = c.tensors("inputs.safetensors");
  know_tensors(file, "the inputs", {"x", "y", "cu_seqlens"});
  inputs_ = file.integers("x");
  targets_ = file.integers("y");
  if (!file.has("cu_seqlens")) return;
  cuts_ = file.integers("cu_seqlens");
  const Shape& shape = file.tensor("cu_seqlens").shape;
  if (shape.rank() == 2) batches_ = shape[0];
}

Batch CaseBatches::rows(int64_t begin, int64_t count, int64_t length) const {
  check(inputs_.size() == targets_.size() && (begin + count) * length <= int64_t(inputs_.size()),
        "the case has {} inputs and {} targets; rows {} to {} of {} tokens are wanted", inputs_.size(),
        targets_.size(), begin, begin + count, length);
  auto part = [&](const std::vector<int64_t>& ids) {
    return std::vector<int32_t>(ids.begin() + begin * length, ids.begin() + (begin + count) * length);
  };
  Batch batch{.inputs = part(inputs_), .targets = part(targets_), .rows = count, .length = length};
  if (!has_cuts()) return batch;
  check(count == 1, "the case cuts batches of one row; {} rows are wanted", count);
  auto each = int64_t(cuts_.size()) / batches_;
  auto cut = cuts_.begin() + begin * each, last = cut + each;
  for (int64_t t = 0, start = 0; t < length; ++t) {
    for (; cut != last && *cut <= t; ++cut) start = *cut;
    batch.documents.push_back(int32_t(start));
  }
  return batch;
}

}  // namespace caddie::parity
