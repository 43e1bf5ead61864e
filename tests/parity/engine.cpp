// SPDX-License-Identifier: Apache-2.0
#include "parity/engine.h"

#include <algorithm>
#include <set>

namespace caddie::parity {
namespace {

/// Says where a weight lies in a file: in which tensor, and from which element on.
struct Place {
  std::string tensor;
  int64_t first = 0;
};

Place place_of(const SafetensorsFile& file, const WeightInfo& weight) {
  const std::string kParts[] = {"attn.c_q.", "attn.c_k.", "attn.c_v."};
  for (int64_t part = 0; part < 3; ++part) {
    size_t at = weight.name.find(kParts[part]);
    if (at == std::string::npos) continue;
    std::string fused = weight.name;
    fused.replace(at, kParts[part].size(), "attn.c_qkv.");
    if (!file.has(fused)) break;
    int64_t rows = file.tensor(fused).shape[0], own = weight.shape[0];
    return {fused, part == 0 ? 0 : (rows - (3 - part) * own) * weight.shape.last()};
  }
  return {weight.name};
}

}  // namespace

Tensor floats_of(const SafetensorsFile& file, const WeightInfo& weight) {
  Place place = place_of(file, weight);
  Tensor whole = file.floats(place.tensor);
  if (place.tensor == weight.name) return whole;
  return clone(Tensor(weight.shape, whole.data() + place.first, Device::kCpu));
}

std::vector<double> doubles_of(const SafetensorsFile& file, const WeightInfo& weight) {
  Place place = place_of(file, weight);
  std::vector<double> whole = file.doubles(place.tensor);
  if (place.tensor == weight.name) return whole;
  auto first = whole.begin() + place.first;
  return {first, first + weight.shape.numel()};
}

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
  std::set<std::string> used(unread.begin(), unread.end());
  for (int i = 0; i < weights.size(); ++i) {
    used.insert(place_of(file, weights.info(i)).tensor);
    Tensor stored = floats_of(file, weights.info(i));
    check(stored.shape() == weights.info(i).shape, "weight '{}' has shape {} in the model and {} in the case",
          weights.info(i).name, weights.info(i).shape, stored.shape());
    copy(stored, weights.value(i));
  }
  for (const std::string& name : file.names())
    check(used.contains(name), "the model lacks the weight '{}' of the case", name);
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
