// SPDX-License-Identifier: Apache-2.0
#include "train/gradient.h"

#include <algorithm>

#include "autograd/thread_tape.h"
#include "model/token_ids.h"

namespace caddie {
namespace {

struct AddTo {
  const float* from;
  float* to;
  bool fresh;
  CADDIE_FN void operator()(int64_t i) const { to[i] = fresh ? from[i] : to[i] + from[i]; }
};

}  // namespace

GradientSum::GradientSum(Model& model, int lanes, int64_t micro_batch_tokens)
    : model_(model), micro_batch_tokens_(micro_batch_tokens), gradients_(size_t(model.weights().size())) {
  const WeightTable& weights = model.weights();
  std::vector<int64_t> sizes;
  for (const Tensor& value : weights.values()) sizes.push_back(value.numel());
  chunks_ = chunks_of(sizes, weights.device());
  for (int i = 0; i < weights.size(); ++i) packed_.push_back(std::make_unique<PackedLeaf>());
  for (int l = 0; l < lanes; ++l) {
    Lane lane{Tensor({weights.parameters()}, weights.device()), {}};
    float* next = lane.block.data();
    for (const Tensor& value : weights.values()) {
      lane.leaves.push_back({value, next, false, packed_[lane.leaves.size()].get()});
      next += value.numel();
    }
    lanes_.push_back(std::move(lane));
  }
}

double GradientSum::run_micro_batch(const MicroBatch& micro, Lane& lane, int64_t total,
                                    const Progress& progress) {
  Tape& tape = thread_tape(model_.weights().device());
  Tape::Scope scope(tape);
  tape.start(lane.leaves, true);
  Ids tokens = place_ids(model_, tape, micro.inputs, micro.rows, micro.length);
  Ids targets = place_ids(model_, tape, micro.targets, micro.rows, micro.length);
  return model_.add_gradients(tokens, targets, progress, 1.0f / float(total));
}

double GradientSum::run(std::span<const Batch> batches, std::span<const Tensor> values,
                        const Progress& progress) {
  std::vector<MicroBatch> micros;
  int64_t total = 0;
  for (const Batch& batch : batches) {
    int64_t rows_each = std::max<int64_t>(1, micro_batch_tokens_ / batch.length);
    for (int64_t row = 0; row < batch.rows; row += rows_each)
      micros.push_back({batch.inputs.data() + row * batch.length, batch.targets.data() + row * batch.length,
                        std::min(rows_each, batch.rows - row), batch.length});
    total += batch.rows * batch.length;
  }
  for (auto& packed : packed_) packed->forget();
  for (Lane& lane : lanes_)
    for (size_t i = 0; i < lane.leaves.size(); ++i) {
      lane.leaves[i].value = values[i];
      lane.leaves[i].summed = false;
    }
  std::vector<double> sums(micros.size());
  int lanes = int(std::min(lanes_.size(), micros.size()));
  parallel_for(lanes, [&](int l) {
    for (size_t m = size_t(l); m < micros.size(); m += lanes_.size())
      sums[m] = run_micro_batch(micros[m], lanes_[size_t(l)], total, progress);
  });
  add_lanes();
  double sum = 0;
  for (double s : sums) sum += s;
  return sum / double(total);
}

void GradientSum::add_lanes() {
  std::vector<Leaf>& first = lanes_[0].leaves;
  Device device = model_.weights().device();
  parallel_for(int(chunks_.size()), [&](int c) {
    const Chunk& chunk = chunks_[size_t(c)];
    auto weight = size_t(chunk.weight);
    bool fresh = !first[weight].summed;
    float* to = first[weight].gradient + chunk.begin;
    for (size_t l = 1; l < lanes_.size(); ++l) {
      const Leaf& leaf = lanes_[l].leaves[weight];
      if (!leaf.summed) continue;
      for_each(device, chunk.end - chunk.begin, AddTo{leaf.gradient + chunk.begin, to, fresh});
      fresh = false;
    }
  });
  for (size_t i = 0; i < first.size(); ++i) {
    bool any =
        std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.leaves[i].summed; });
    gradients_[i] = any ? Tensor(first[i].value.shape(), first[i].gradient, device) : Tensor();
  }
}

}  // namespace caddie
