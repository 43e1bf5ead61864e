// SPDX-License-Identifier: Apache-2.0
// Computes logits, losses and the terms of objectives for a stretch of positions at a time, so that the
// logits of a whole micro-batch are never in memory together. In training, the gradient of a stretch is taken
// before the next stretch.
#include <algorithm>

#include "autograd/scope.h"
#include "device/attention.h"
#include "model/forward_pass.h"
#include "ops/later_ids.h"

namespace caddie {
namespace {

// The logits of a stretch take half a megabyte, which is a share of the L2 cache.
constexpr int64_t kStretchFloats = 1 << 17;

// Returns the number of positions of a stretch. A GPU has no use for small ones.
int64_t stretch_of(const ModelShape& shape, Device device) {
  if (device != Device::kCpu) return int64_t(1) << 20;
  return std::max<int64_t>(64, kStretchFloats / shape.vocabulary / 64 * 64);
}

// Returns `count` positions of x from `first` on, in the same memory, as one sequence.
Tensor rows_of(Var x, int64_t first, int64_t count) {
  int64_t width = x.shape().last();
  return Tensor({1, count, width}, x.data() + first * width, x.device());
}

// Sets the loss that each row z of the logits has for another token than its target, of which the loss is
// known: their difference is that of two logits. There is none, 0, for tokens below 0.
struct LossOfAnother {
  const float *logits, *loss;
  const int32_t *target, *other;
  float* out;
  int64_t vocabulary;
  CADDIE_FN void operator()(int64_t i) const {
    const float* z = logits + i * vocabulary;
    out[i] = other[i] < 0 ? 0 : loss[i] + (z[target[i]] - z[other[i]]);
  }
};

// Copies the losses of z, [1, count, V], to the host and returns those of the first set of targets. `first`
// is where the stretch begins among the `positions` of a batch, of which each set has one target.
Var losses_of(Var z, Ids targets, int64_t positions, int64_t first, float* nats) {
  PartScope part("cross entropy");
  int64_t count = z.shape()[1];
  auto copied = [&](Var losses, int64_t at) {
    copy(losses.value(), Tensor({count}, nats + at, Device::kCpu));
    return losses;
  };
  Var losses = copied(cross_entropy(z, {targets.data + first, 1, count, targets.device}), first);
  // Further sets need no gradient, and no second look at the whole vocabulary.
  for (int64_t at = first + positions; at < targets.numel(); at += positions) {
    Var others = result(losses.shape());
    for_each(z.device(), count,
             LossOfAnother{z.data(), losses.data(), targets.data + first, targets.data + at, others.data(),
                           z.shape().last()});
    copied(others, at);
  }
  return losses;
}

// Tells objectives what was predicted in a stretch that begins at position `at` of a sequence.
class StretchPrediction final : public Prediction {
 public:
  StretchPrediction(ForwardPass& pass, Ids sequence_targets, int64_t at, Var x, Var z)
      : pass_(pass), whole_(sequence_targets), at_(at) {
    hidden = x;
    logits = z;
    targets = {whole_.data + at, 1, x.shape()[1], whole_.device};
    sequence_length = whole_.length;
    PartScope part("cross entropy");
    loss = cross_entropy(z, targets);
  }
  Ids targets_after(int64_t steps) override { return later_ids(whole_, at_ + steps, targets.length); }
  Var modified(Var z) override { return pass_.modified(z); }

 private:
  ForwardPass& pass_;
  Ids whole_;
  int64_t at_;
};

// Adds the terms of the objectives to the loss of a stretch, and to their sums.
Var with_terms(std::span<const Technique> objectives, ForwardPass& pass, StretchPrediction& stretch,
               std::span<double> sums) {
  Var whole = stretch.loss;
  for (size_t i = 0; i < objectives.size(); ++i) {
    Var term = pass.term(objectives[i], stretch);
    if (!term.defined()) continue;
    check(term.shape() == stretch.loss.shape(), "objective '{}': its term is {}; wanted {}",
          objectives[i].label, term.shape(), stretch.loss.shape());
    sums[i] += sum(term.value());
    whole = whole + term;
  }
  return whole;
}

}  // namespace

LossSums Model::add_gradients(Ids tokens, Ids targets, Mode mode, const TrainingPass& at, float seed) {
  ForwardPass pass(*this, tokens, mode, at);
  Tape& tape = Tape::current();
  Var x = pass.hidden();
  float* dx = x.grad_slot().data;
  int64_t each = stretch_of(shape_, tokens.device), width = x.shape().last();
  std::span<const Technique> objectives = parts_.of(Kind::kObjective);
  if (mode != Mode::kTrain) objectives = {};
  LossSums sums{0, std::vector<double>(objectives.size())};
  auto train_stretch = [&](int64_t row, int64_t begin, int64_t count) {
    Tape::Mark mark = tape.mark();
    int64_t first = row * tokens.length + begin;
    ForwardPass::Stretch scope(pass, first, count);
    Var part = tape.leaf(rows_of(x, first, count), dx + first * width);
    Ids sequence = {targets.data + row * tokens.length, 1, tokens.length, targets.device};
    StretchPrediction stretch(pass, sequence, begin, part, pass.logits(part));
    sums.nats += sum(stretch.loss.value());
    tape.backward_since(mark, with_terms(objectives, pass, stretch, sums.terms), seed);
  };
  for (int64_t row = 0; row < tokens.batch; ++row)
    for (int64_t begin = 0; begin < tokens.length; begin += each)
      train_stretch(row, begin, std::min(each, tokens.length - begin));
  tape.backward();
  return sums;
}

void Model::score(Ids tokens, Ids targets, double temperature, std::span<const int64_t> first_scored,
                  bool trim, float* nats, const SharedActivations* shared) {
  ForwardPass pass(*this, tokens, Mode::kEvaluate, {evaluated_at_});
  if (shared) pass.resume(*shared);
  Tape& tape = Tape::current();
  int64_t first_needed = *std::min_element(first_scored.begin(), first_scored.end());
  int64_t from = std::min(first_needed, tokens.length - 1) / kAttentionBlock * kAttentionBlock;
  if (!trim || tokens.device != Device::kCpu) from = 0;
  Var x = pass.hidden(from);
  int64_t each = stretch_of(shape_, tokens.device), kept = tokens.length - from;
  auto score_stretch = [&](int64_t row, int64_t at, int64_t count) {
    Tape::Mark mark = tape.mark();
    int64_t first = row * tokens.length + at;
    ForwardPass::Stretch scope(pass, first, count);
    Var z = pass.logits(tape.adopt(rows_of(x, row * kept + at - from, count)));
    if (temperature != 1) z = z * float(1 / temperature);
    losses_of(z, targets, tokens.numel(), first, nats);
    tape.rewind(mark);
  };
  for (int64_t row = 0; row < tokens.batch; ++row)
    for (int64_t at = first_scored[size_t(row)]; at < tokens.length; at += each)
      score_stretch(row, at, std::min(each, tokens.length - at));
}

void Model::score_adapted(Ids tokens, Ids targets, Adapter& adapter, int64_t first, float seed, float* nats) {
  ForwardPass pass(*this, tokens, Mode::kEvaluate, {evaluated_at_}, &adapter);
  Tape& tape = Tape::current();
  Var x = pass.hidden();
  // Positions before the first get no gradient from the loss, so theirs are zeros from the beginning.
  float* dx = x.needs_grad() ? x.grad_sum() : nullptr;
  int64_t each = stretch_of(shape_, tokens.device), width = x.shape().last();
  for (int64_t at = first; at < tokens.length; at += each) {
    int64_t count = std::min(each, tokens.length - at);
    Tape::Mark mark = tape.mark();
    Tensor rows = rows_of(x, at, count);
    ForwardPass::Stretch scope(pass, at, count);
    Var z = pass.logits(dx ? tape.leaf(rows, dx + at * width) : tape.adopt(rows));
    Var losses = losses_of(z, targets, tokens.length, at, nats);
    if (tape.recording())
      tape.backward_since(mark, losses, seed);
    else
      tape.rewind(mark);
  }
  if (tape.recording()) tape.backward();
}

}  // namespace caddie
