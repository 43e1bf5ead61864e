// SPDX-License-Identifier: Apache-2.0
// Runs micro-batches on threads, adds up their gradients, and finds the first output that is not finite.
#include "train/gradient.h"

#include <algorithm>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "base/heartbeat.h"
#include "model/token_ids.h"
#include "tensor/finite.h"

namespace caddie {
namespace {

/// Adds `from` to `to`, or copies it there when nothing was there yet.
struct AddOrCopyTo {
  const float* from;
  float* to;
  bool fresh;
  CADDIE_FN void operator()(int64_t i) const { to[i] = fresh ? from[i] : to[i] + from[i]; }
};

}  // namespace

GradientSum::GradientSum(Model& model, int accumulators, int64_t micro_batch_tokens, int rank, Mode mode)
    : model_(model),
      micro_batch_tokens_(micro_batch_tokens),
      rank_(rank),
      mode_(mode),
      gradients_(size_t(model.weights().size())),
      terms_(model.parts().of(Kind::kObjective).size()) {
  const WeightTable& weights = model.weights();
  std::vector<int64_t> sizes;
  for (const Tensor& value : weights.values()) sizes.push_back(value.numel());
  chunks_ = chunks_of(sizes, weights.device());
  for (int i = 0; i < weights.size(); ++i) packed_.push_back(std::make_unique<PackedLeaf>());
  for (int l = 0; l < accumulators; ++l) {
    Accumulator accumulator{Tensor({weights.parameters()}, weights.device()), {}};
    float* next = accumulator.block.data();
    for (const Tensor& value : weights.values()) {
      accumulator.leaves.push_back({value, next, false, packed_[accumulator.leaves.size()].get()});
      next += value.numel();
    }
    accumulators_.push_back(std::move(accumulator));
  }
}

LossSums GradientSum::run_micro_batch(const MicroBatch& micro, Accumulator& accumulator, int64_t total,
                                      const TrainingPass& pass) {
  Tape& tape = thread_tape(model_.weights().device());
  Tape::Scope scope(tape);
  tape.start(accumulator.leaves, true);
  Ids tokens = place_ids(model_, tape, micro.inputs, micro.rows, micro.length);
  Ids targets = place_ids(model_, tape, micro.targets, micro.rows, micro.length);
  TrainingPass own = pass;
  own.documents = documents_of(tape, micro);
  return model_.add_gradients(tokens, targets, mode_, own, 1.0f / float(total));
}

Ids GradientSum::documents_of(Tape& tape, const MicroBatch& micro) {
  return micro.documents ? place_ids(tape, micro.documents, micro.rows, micro.length) : Ids();
}

std::vector<GradientSum::MicroBatch> GradientSum::micro_batches(std::span<const Batch> batches) const {
  std::vector<MicroBatch> micros;
  for (const Batch& batch : batches) {
    int64_t rows_each = std::max<int64_t>(1, micro_batch_tokens_ / batch.length);
    for (int64_t row = 0; row < batch.rows; row += rows_each)
      micros.push_back({batch.inputs.data() + row * batch.length, batch.targets.data() + row * batch.length,
                        std::min(rows_each, batch.rows - row), batch.length,
                        batch.documents.empty() ? nullptr : batch.documents.data() + row * batch.length});
  }
  return micros;
}

/// Makes the next passes read `values` in place of the weights, and their gradients start over.
void GradientSum::read(std::span<const Tensor> values) {
  for (auto& packed : packed_) packed->forget();
  for (Accumulator& accumulator : accumulators_)
    for (size_t i = 0; i < accumulator.leaves.size(); ++i) {
      accumulator.leaves[i].value = values[i];
      accumulator.leaves[i].summed = false;
    }
}

std::string GradientSum::first_not_finite(std::span<const Batch> batches, std::span<const Tensor> values,
                                          const Progress& progress) {
  for (size_t i = 0; i < values.size(); ++i) {
    const WeightInfo& info = model_.weights().info(int(i));
    if (!is_finite(values[i])) return message("weight {} of '{}' is not finite", {info.name, info.owner});
  }
  read(values);
  std::vector<MicroBatch> micros = micro_batches(batches);
  TrainingPass pass{progress, rank_ * int64_t(micros.size())};
  for (const MicroBatch& micro : micros) {
    Tape& tape = thread_tape(model_.weights().device());
    Tape::Scope scope(tape);
    tape.start(accumulators_[0].leaves, true);
    pass.documents = documents_of(tape, micro);
    model_.logits(place_ids(model_, tape, micro.inputs, micro.rows, micro.length), mode_, pass);
    ++pass.micro_batch;
    beat();
    if (std::optional<Worker> worker = tape.first_not_finite())
      return "the first output that is not finite is that of " + text_of(*worker);
  }
  return "";
}

std::string GradientSum::first_gradient_not_finite(std::span<const Batch> batches,
                                                   std::span<const Tensor> values, const Progress& progress) {
  std::vector<MicroBatch> micros = micro_batches(batches);
  TrainingPass pass{progress, rank_ * int64_t(micros.size())};
  Accumulator& accumulator = accumulators_[0];
  for (const MicroBatch& micro : micros) {
    read(values);
    run_micro_batch(micro, accumulator, micro.rows * micro.length, pass);
    beat();
    bool finite = std::all_of(accumulator.leaves.begin(), accumulator.leaves.end(), [&](const Leaf& leaf) {
      return !leaf.summed || is_finite(Tensor(leaf.value.shape(), leaf.gradient, leaf.value.device()));
    });
    if (!finite) {
      // Looking at all gradients behind each operation takes long, so it is done for this micro-batch alone.
      Tape::GradientSearch search(thread_tape(model_.weights().device()));
      read(values);
      run_micro_batch(micro, accumulator, micro.rows * micro.length, pass);
      if (search.found()) return text_of(*search.found());
    }
    ++pass.micro_batch;
  }
  return "";
}

double GradientSum::run(std::span<const Batch> batches, std::span<const Tensor> values,
                        const Progress& progress, const std::function<bool()>& leave) {
  std::vector<MicroBatch> micros = micro_batches(batches);
  int64_t total = 0;
  for (const Batch& batch : batches) total += batch.rows * batch.length;
  read(values);
  std::vector<LossSums> sums(micros.size());
  int64_t first = rank_ * int64_t(micros.size());
  int accumulators = int(std::min(accumulators_.size(), micros.size()));
  parallel_for(accumulators, [&](int l) {
    for (size_t m = size_t(l); m < micros.size(); m += accumulators_.size()) {
      if (leave && leave()) return;
      TrainingPass pass{progress, first + int64_t(m)};
      sums[m] = run_micro_batch(micros[m], accumulators_[size_t(l)], total, pass);
      beat();
    }
  });
  if (leave && leave()) throw StepLeft();
  add_accumulators();
  return mean_of(sums, total);
}

/// Returns the mean loss of all micro-batches, and sets the means of the terms.
double GradientSum::mean_of(std::span<const LossSums> sums, int64_t total) {
  double nats = 0;
  std::fill(terms_.begin(), terms_.end(), 0.0);
  for (const LossSums& micro : sums) {
    nats += micro.nats;
    for (size_t i = 0; i < terms_.size(); ++i) terms_[i] += micro.terms[i];
  }
  for (double& term : terms_) term /= double(total);
  return nats / double(total);
}

void GradientSum::add_accumulators() {
  std::vector<Leaf>& first = accumulators_[0].leaves;
  Device device = model_.weights().device();
  parallel_for(int(chunks_.size()), [&](int c) {
    const Chunk& chunk = chunks_[size_t(c)];
    auto weight = size_t(chunk.weight);
    bool fresh = !first[weight].summed;
    float* to = first[weight].gradient + chunk.begin;
    for (size_t l = 1; l < accumulators_.size(); ++l) {
      const Leaf& leaf = accumulators_[l].leaves[weight];
      if (!leaf.summed) continue;
      for_each(device, chunk.end - chunk.begin, AddOrCopyTo{leaf.gradient + chunk.begin, to, fresh});
      fresh = false;
    }
  });
  for (size_t i = 0; i < first.size(); ++i) {
    bool any = std::any_of(accumulators_.begin(), accumulators_.end(),
                           [&](const Accumulator& accumulator) { return accumulator.leaves[i].summed; });
    gradients_[i] = any ? Tensor(first[i].value.shape(), first[i].gradient, device) : Tensor();
  }
}

}  // namespace caddie
