// SPDX-License-Identifier: Apache-2.0
// Runs one forward pass:
//
//   e = token_table[tokens] + embeddings      -> embedded
//   x = x0 = rms_norm(e)                      -> stem
//   for each layer:                           -> enter
//     h = rms_norm(x)                         -> normed
//     q, k, v = h Wq^T, h Wk^T, h Wv^T        -> query_key, value
//     y = attention(q, k, v)                  -> attended
//     x += y Wo^T                             -> branch
//     h = rms_norm(x)                         -> normed
//     x += activation(h Wfc^T) Wproj^T        -> branch
//                                             -> leave
//   logits = head(rms_norm(x))                -> logits
//
// Arrows name the sites at which modifiers act.
#include <algorithm>

#include "autograd/scope.h"
#include "device/device.h"
#include "model/forward_pass.h"
#include "ops/attention.h"

namespace caddie {
namespace {

// Returns the positions of x [B,T,..] from `first` on, [B,T-first,..], without gradient.
Var from_position(int64_t first, Var x) {
  if (first == 0) return x;
  int64_t batch = x.shape()[0], length = x.shape()[1], kept = length - first;
  Shape shape = {batch, kept};
  for (int axis = 2; axis < x.shape().rank(); ++axis) shape.append(x.shape()[axis]);
  Var y = result(shape);
  int64_t each = shape.numel() / (batch * kept);
  for (int64_t b = 0; b < batch; ++b)
    copy(Tensor({kept * each}, x.data() + (b * length + first) * each, x.device()),
         Tensor({kept * each}, y.data() + b * kept * each, x.device()));
  return y;
}

// Returns the ids of the positions from `first` on.
Ids from_position(int64_t first, const Ids& ids) {
  if (first == 0) return ids;
  Ids kept = result_ids(ids.batch, ids.length - first);
  for (int64_t b = 0; b < ids.batch; ++b)
    std::copy_n(ids.data + b * ids.length + first, kept.length,
                const_cast<int32_t*>(kept.data) + b * kept.length);
  return kept;
}

}  // namespace

Var ForwardPass::norm(Var x) const {
  PartScope part("norms");
  return rms_norm(x, float(model_.settings_.norm_eps));
}

Var ForwardPass::stem() {
  PartScope part("embedding");
  Var e = gather(token_table, tokens);
  for (const Technique& embedding : model_.parts_.of(Kind::kEmbedding)) {
    if (is_passed_over(embedding)) continue;
    PartScope own(embedding.label.c_str());
    e = e + call<Embedding>(embedding).embed(*this);
  }
  e = through(Site::kEmbedded, &Modifier::embedded, e);
  Var x = rms_norm(e, float(model_.settings_.embedding_norm_eps));
  return x0 = through(Site::kStem, &Modifier::stem, x);
}

ForwardPass::Entry ForwardPass::enter(int index, Var x) {
  if (index == 0 && entry_) return *entry_;
  LayerScope layer(index);
  PartScope sums("residual sums");
  const Model::LayerWeights& weights = model_.layers_[size_t(index)];
  Block block{*this, index, Part::kAttention, {}, {}, {}, {}};
  x = through(Site::kEnter, &Modifier::enter, block, x);
  Var h = through(Site::kNormed, &Modifier::normed, block, norm(x));

  PartScope part("attention products");
  const ModelShape& m = *shape;
  int64_t B = tokens.batch, T = tokens.length, D = m.head_size;
  Var q = reshape(linear(h, weights.query), {B, T, m.heads, D});
  Var k = reshape(linear(h, weights.key), {B, T, m.kv_heads, D});
  Var v = reshape(linear(h, weights.value), {B, T, m.kv_heads, D});
  return {x, h, q, k, v};
}

Var ForwardPass::attend(Block& block, const Entry& entry, int64_t first) {
  PartScope part("attention products");
  int64_t B = tokens.batch, T = tokens.length;
  QueryKey qk = through(Site::kQueryKey, &Modifier::query_key, block, QueryKey{entry.q, entry.k});
  block.q = from_position(first, qk.q);
  block.k = qk.k;
  block.v = through(Site::kValue, &Modifier::value, block, entry.v);
  Var y = attend_from(first, block);
  y = through(Site::kAttended, &Modifier::attended, block, y);
  return linear(reshape(y, {B, T - first, int64_t(shape->width)}),
                model_.layers_[size_t(block.layer)].attention_out);
}

// Runs the attention. Nothing after it reads the positions before `first`, so the pass goes on without them.
Var ForwardPass::attend_from(int64_t first, Block& block) {
  PartScope part("attention");
  Var y = attention_from(first, block.q, block.k, block.v);
  block.h = from_position(first, block.h);
  block.k = from_position(first, block.k);
  block.v = from_position(first, block.v);
  x0 = from_position(first, x0);
  tokens = from_position(first, tokens);
  return y;
}

Var ForwardPass::layer(int index, Var x, int64_t first) {
  Entry entry = enter(index, x);
  LayerScope inside(index);
  PartScope sums("residual sums");
  Block block{*this, index, Part::kAttention, entry.h, {}, {}, {}};
  Var y = attend(block, entry, first);
  x = from_position(first, entry.x) + through(Site::kBranch, &Modifier::branch, block, y);

  block.part = Part::kMlp;
  block.h = through(Site::kNormed, &Modifier::normed, block, norm(x));
  y = mlp(block.h, model_.layers_[size_t(index)]);
  x = x + through(Site::kBranch, &Modifier::branch, block, y);

  return through(Site::kLeave, &Modifier::leave, block, x);
}

Var ForwardPass::mlp(Var h, const Model::LayerWeights& weights) {
  PartScope part("MLP products");
  Var y = linear(h, weights.mlp_in);
  const Technique& activation = model_.parts_.one(Kind::kActivation);
  if (!is_passed_over(activation)) {
    PartScope inner(activation.label.c_str());
    y = call<Activation>(activation).apply(y);
  }
  return linear(y, weights.mlp_out);
}

Var ForwardPass::lasting(Var x) const {
  if (!rewinds_) return x;
  Tape& tape = Tape::current();
  return tape.adopt_copy(x.value());
}

// Outside training nothing of a layer is needed after it but its output and what techniques keep, so each
// layer uses the memory of the one before, which still lies in the processor's cache.
Var ForwardPass::hidden(int64_t first) {
  Tape& tape = Tape::current();
  Var x = entry_ ? x0 : stem();
  if (tape.recording()) {
    for (int i = 0; i < shape->layers; ++i) x = layer(i, x, 0);
    return norm(x);
  }
  Var stream = result(x.shape()), whole_x0 = x0;
  Ids whole = tokens;
  copy(x.value(), stream.value());
  rewinds_ = true;
  for (int i = 0; i + 1 < shape->layers; ++i) {
    Tape::Mark mark = tape.mark();
    copy(layer(i, stream, 0).value(), stream.value());
    tape.rewind(mark);
  }
  x = norm(layer(shape->layers - 1, stream, first));
  tokens = whole;
  x0 = whole_x0;
  return x;
}

Var ForwardPass::logits(Var x) {
  PartScope part("head products");
  const Technique& head = model_.parts_.one(Kind::kHead);
  Var z = is_passed_over(head) ? linear(x, token_table) : call<Head>(head).logits(*this, x);
  return through(Site::kLogits, &Modifier::logits, z);
}

Var ForwardPass::logits_of(Var x, const Ids& all, int64_t first, int64_t count) {
  tokens = {all.data + first, 1, count, all.device};
  Var z = logits(x);
  tokens = all;
  return z;
}

Var Model::logits(Ids tokens, Mode mode, const Progress& progress, const Technique* without) {
  ForwardPass pass(*this, tokens, mode, progress, without);
  return pass.logits(pass.hidden());
}

Var Model::losses(Ids tokens, Ids targets, Mode mode, const Progress& progress) {
  return cross_entropy(logits(tokens, mode, progress), targets);
}

}  // namespace caddie
