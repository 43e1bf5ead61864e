// SPDX-License-Identifier: Apache-2.0
// Computes logits and losses for a stretch of positions at a time, so that the logits of a whole micro-batch
// are never in memory together. In training, the gradient of a stretch is taken before the next stretch.
#include <algorithm>

#include "autograd/scope.h"
#include "device/attention.h"
#include "model/forward_pass.h"

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

}  // namespace

double Model::add_gradients(Ids tokens, Ids targets, Mode mode, const Progress& progress, float seed) {
  ForwardPass pass(*this, tokens, mode, progress, nullptr);
  Tape& tape = Tape::current();
  Var x = pass.hidden();
  float* dx = x.grad_slot().data;
  int64_t each = stretch_of(shape_, tokens.device), width = x.shape().last();
  double nats_sum = 0;
  auto train_stretch = [&](int64_t first, int64_t count) {
    Tape::Mark mark = tape.mark();
    Var part = tape.leaf(rows_of(x, first, count), dx + first * width);
    Var z = pass.logits_of(part, tokens, first, count);
    PartScope loss("cross entropy");
    Var nats = cross_entropy(z, {targets.data + first, 1, count, targets.device});
    nats_sum += sum(nats.value());
    tape.backward_since(mark, nats, seed);
  };
  for (int64_t row = 0; row < tokens.batch; ++row)
    for (int64_t at = 0; at < tokens.length; at += each)
      train_stretch(row * tokens.length + at, std::min(each, tokens.length - at));
  tape.backward();
  return nats_sum;
}

void Model::score(Ids tokens, Ids targets, double temperature, std::span<const int64_t> first_scored,
                  bool trim, float* nats, const SharedActivations* shared) {
  ForwardPass pass(*this, tokens, Mode::kEvaluate, evaluated_at_, nullptr);
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
    Var part = tape.adopt(rows_of(x, row * kept + at - from, count));
    Var z = pass.logits_of(part, tokens, first, count);
    if (temperature != 1) z = z * float(1 / temperature);
    PartScope loss("cross entropy");
    Var losses = cross_entropy(z, {targets.data + first, 1, count, targets.device});
    copy(losses.value(), Tensor({count}, nats + first, Device::kCpu));
    tape.rewind(mark);
  };
  for (int64_t row = 0; row < tokens.batch; ++row)
    for (int64_t at = first_scored[size_t(row)]; at < tokens.length; at += each)
      score_stretch(row, at, std::min(each, tokens.length - at));
}

void Model::score_adapted(Ids tokens, Ids targets, Adapter& adapter, int64_t first, float seed, float* nats) {
  ForwardPass pass(*this, tokens, Mode::kEvaluate, evaluated_at_, nullptr, &adapter);
  Tape& tape = Tape::current();
  Var x = pass.hidden();
  // Positions before the first get no gradient from the loss, so theirs are zeros from the beginning.
  float* dx = x.needs_grad() ? x.grad_sum() : nullptr;
  int64_t each = stretch_of(shape_, tokens.device), width = x.shape().last();
  for (int64_t at = first; at < tokens.length; at += each) {
    int64_t count = std::min(each, tokens.length - at);
    Tape::Mark mark = tape.mark();
    Tensor rows = rows_of(x, at, count);
    Var z = pass.logits_of(dx ? tape.leaf(rows, dx + at * width) : tape.adopt(rows), tokens, at, count);
    PartScope loss("cross entropy");
    Var losses = cross_entropy(z, {targets.data + at, 1, count, targets.device});
    copy(losses.value(), Tensor({count}, nats + at, Device::kCpu));
    if (tape.recording())
      tape.backward_since(mark, losses, seed);
    else
      tape.rewind(mark);
  }
  if (tape.recording()) tape.backward();
}

}  // namespace caddie
