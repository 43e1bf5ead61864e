// SPDX-License-Identifier: Apache-2.0
// Runs one forward pass:
//
//   e = table[tokens] + embeddings            -> embedded
//   x = x0 = rms_norm(e)                      -> stem
//   for each layer, in the model's order:     -> enter, mixed
//     h = rms_norm(x)                         -> normed
//     q, k, v = h Wq^T, h Wk^T, h Wv^T        -> query_key, value
//     y = attention(q, k, v)                  -> attended, under the attention masks
//     x += y Wo^T                             -> branch
//     h = rms_norm(x)                         -> normed
//     u = activation(h Wfc^T)                 -> activated
//     x += u Wproj^T                          -> branch
//                                             -> leave
//   logits = head(rms_norm(x))                -> logits
//
// Arrows name the sites at which modifiers act. A plugin may choose the order of the layers, another one what
// their sublayers read and where their outputs go, a third one the shape of the MLP, and a fourth one stands
// for the table, which a tied head reads as well.
#include <algorithm>

#include "autograd/scope.h"
#include "device/attention.h"
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

// Throws Error unless a mask says for each position which one it sees first, and none behind itself.
void check_mask(const Ids& seen, const Ids& tokens) {
  check(seen.data && seen.batch == tokens.batch && seen.length == tokens.length,
        "it returned first positions for [{}, {}]; wanted [{}, {}]", seen.batch, seen.length, tokens.batch,
        tokens.length);
  if (seen.device == Device::kCpu) caddie::check_mask(seen.data, seen.batch, seen.length);
}

}  // namespace

IndexedRng ForwardPass::rng(int key) const {
  return {model_.seed_, message("passes/{} step {} batch {} site {} turn {} part {} lane {} first {} key {}",
                                {owner_->label, progress.step, micro_batch_, int(where_.site),
                                 where_.execution, int(where_.part), where_.lane, first_, key})};
}

Var ForwardPass::norm(Var x) const {
  PartScope part("norms");
  return rms_norm(x, float(model_.settings_.norm_eps));
}

Var ForwardPass::zeros(const Shape& of_shape) const {
  Var x = result(of_shape);
  copy(Tensor(of_shape, tokens.device), x.value());
  return x;
}

Var ForwardPass::embedding_by_table() {
  const Technique* table = model_.parts_.any(Kind::kTokenTable);
  if (!table) return gather(model_.token_table_, tokens);
  if (is_passed_over(*table)) return zeros({tokens.batch, tokens.length, shape->width});
  PartScope own(table->label.c_str());
  return returned(call<TokenTable>(*table)->embed(*this), {tokens.batch, tokens.length, shape->width});
}

Var ForwardPass::logits_by_table(Var x) {
  const Technique* table = model_.parts_.any(Kind::kTokenTable);
  if (!table) return linear(x, model_.token_table_);
  if (is_passed_over(*table)) return zeros({tokens.batch, tokens.length, shape->vocabulary});
  PartScope own(table->label.c_str());
  Detour detour(*this);
  return call<TokenTable>(*table, {Site::kLogits})->logits(*this, x);
}

Var ForwardPass::stem() {
  PartScope part("embedding");
  Var e = embedding_by_table();
  for (const Technique& embedding : model_.parts_.of(Kind::kEmbedding)) {
    if (is_passed_over(embedding)) continue;
    PartScope own(embedding.label.c_str());
    e = e + returned(call<Embedding>(embedding)->embed(*this), e);
  }
  e = through(Site::kEmbedded, &Modifier::embedded, e);
  Var x = rms_norm(e, float(model_.settings_.embedding_norm_eps));
  return x0 = through(Site::kStem, &Modifier::stem, x);
}

class ForwardPass::Layer final : public LayerPass {
 public:
  Layer(ForwardPass& pass, int execution, int64_t first)
      : pass_(pass),
        block_{pass, pass.order_[size_t(execution)].layer, Part::kAttention, {}, {}, {}, {}, execution},
        weights_(pass.model_.layers_[size_t(pass.order_[size_t(execution)].matrices)]),
        first_(first),
        scope_(block_.layer),
        sums_("residual sums") {
    this->execution = pass.order_[size_t(execution)];
  }

  Var enter(Var x, int lane) override {
    block_.lane = lane;
    return pass_.through(Site::kEnter, &Modifier::enter, block_, x);
  }
  Var mix(Var x) override {
    if (is_resumed()) return pass_.entry_->x;
    return pass_.through(Site::kMixed, &Modifier::mixed, block_, x);
  }
  Var attention(Var x) override { return attend(entry(x)); }
  Var needed(Var x) override { return from_position(first_, x); }
  Var mlp(Var x) override;
  Var leave(Var x, int lane) override {
    block_.lane = lane;
    return pass_.through(Site::kLeave, &Modifier::leave, block_, x);
  }

  // Returns what the attention over norm(x) needs.
  Entry entry(Var x);

 private:
  // Tells whether what the layer computes before its attention is there already.
  bool is_resumed() const { return block_.execution == 0 && pass_.entry_ && !attended_; }
  Var attend(const Entry& entry);
  Var attend_from_first();
  // Returns x and what a hook of the adapter adds to it.
  Var adapted(Var x, Var (Adapter::*hook)(Block&)) {
    Var more = pass_.adapter_ ? (pass_.adapter_->*hook)(block_) : Var();
    return more.defined() ? x + more : x;
  }

  ForwardPass& pass_;
  Block block_;
  const Model::LayerWeights& weights_;
  int64_t first_;
  bool attended_ = false;
  LayerScope scope_;
  PartScope sums_;
};

class ForwardPass::LayerMlp final : public MlpPass {
 public:
  LayerMlp(ForwardPass& pass, Execution of, Block& block, const Model::LayerWeights& weights)
      : pass_(pass), block_(block), weights_(weights) {
    execution = of;
  }

  Var up(Var x) override { return linear(x, of_turn(execution.mlp_in, weights_.mlp_in)); }
  Var down(Var x) override {
    Var hidden = pass_.through(Site::kActivated, &Modifier::activated, block_, x);
    return linear(hidden, of_turn(execution.mlp_out, weights_.mlp_out));
  }
  Var activate(Var x) override {
    const Technique& activation = pass_.model_.parts_.one(Kind::kActivation);
    if (pass_.is_passed_over(activation)) return x;
    PartScope own(activation.label.c_str());
    return returned(pass_.call<Activation>(activation, at(Site::kCount, block_))->apply(x), x);
  }

 private:
  static Parameter of_turn(Parameter own, Parameter of_layer) { return own.defined() ? own : of_layer; }

  ForwardPass& pass_;
  Block& block_;
  const Model::LayerWeights& weights_;
};

ForwardPass::Entry ForwardPass::Layer::entry(Var x) {
  if (is_resumed()) return *pass_.entry_;
  block_.part = Part::kAttention;
  Var h = pass_.through(Site::kNormed, &Modifier::normed, block_, pass_.norm(x));
  PartScope part("attention products");
  const ModelShape& m = *pass_.shape;
  int64_t B = pass_.tokens.batch, T = pass_.tokens.length, D = m.head_size;
  Var q = reshape(linear(h, weights_.query), {B, T, m.heads, D});
  Var k = reshape(linear(h, weights_.key), {B, T, m.kv_heads, D});
  Var v = reshape(linear(h, weights_.value), {B, T, m.kv_heads, D});
  return {x, h, q, k, v};
}

Var ForwardPass::Layer::attend(const Entry& entry) {
  int64_t B = pass_.tokens.batch, T = pass_.tokens.length;
  block_.h = entry.h;
  attended_ = true;
  Var y;
  {
    PartScope part("attention products");
    QueryKey projected = {adapted(entry.q, &Adapter::query), adapted(entry.k, &Adapter::key)};
    Var v = adapted(entry.v, &Adapter::value);
    block_.query_projection = projected.q;
    QueryKey qk = pass_.through(Site::kQueryKey, &Modifier::query_key, block_, projected);
    block_.q = from_position(first_, qk.q);
    block_.k = qk.k;
    block_.v = pass_.through(Site::kValue, &Modifier::value, block_, v);
    y = attend_from_first();
    y = pass_.through(Site::kAttended, &Modifier::attended, block_, y);
    y = linear(reshape(y, {B, T - first_, int64_t(pass_.shape->width)}), weights_.attention_out);
    y = adapted(y, &Adapter::attention);
  }
  return pass_.through(Site::kBranch, &Modifier::branch, block_, y);
}

// Runs the attention. Nothing after it reads the positions before the first, so the pass goes on without
// them.
Var ForwardPass::Layer::attend_from_first() {
  PartScope part("attention");
  Var y = attention_from(first_, block_.q, block_.k, block_.v, pass_.first_seen(block_.layer));
  block_.h = from_position(first_, block_.h);
  block_.query_projection = from_position(first_, block_.query_projection);
  block_.k = from_position(first_, block_.k);
  block_.v = from_position(first_, block_.v);
  pass_.x0 = from_position(first_, pass_.x0);
  pass_.tokens = from_position(first_, pass_.tokens);
  return y;
}

Var ForwardPass::Layer::mlp(Var x) {
  block_.part = Part::kMlp;
  block_.h = pass_.through(Site::kNormed, &Modifier::normed, block_, pass_.norm(x));
  Var y;
  {
    PartScope part("MLP products");
    LayerMlp mlp(pass_, execution, block_, weights_);
    const Technique* shape = pass_.model_.parts_.any(Kind::kMlp);
    if (shape && !pass_.is_passed_over(*shape)) {
      PartScope own(shape->label.c_str());
      y = returned(pass_.call<Mlp>(*shape, at(Site::kCount, block_))->mlp(mlp, block_.h), block_.h);
    } else {
      y = mlp.down(mlp.activate(mlp.up(block_.h)));
    }
    y = adapted(y, &Adapter::mlp);
  }
  return pass_.through(Site::kBranch, &Modifier::branch, block_, y);
}

void ForwardPass::ask_masks() {
  for (const Technique& mask : model_.parts_.of(Kind::kAttentionMask)) {
    if (is_passed_over(mask)) continue;
    PartScope own(mask.label.c_str());
    Call<AttentionMask> asked = call<AttentionMask>(mask);
    masks_.emplace_back(&mask, asked->first_seen(*this));
    check_mask(masks_.back().second, tokens);
  }
}

Ids ForwardPass::first_seen(int layer) const {
  Ids first = documents;
  for (const auto& [mask, seen] : masks_)
    if (model_.acts_in(*mask, layer)) first = first.data ? seen_by_both(first, seen) : seen;
  return first;
}

ForwardPass::Entry ForwardPass::entry(Var x) {
  Layer layer(*this, 0, 0);
  return layer.entry(layer.mix(layer.enter(x, 0)));
}

const Technique* ForwardPass::residual() const {
  const Technique* chosen = model_.parts_.any(Kind::kResidual);
  return chosen && !is_passed_over(*chosen) ? chosen : nullptr;
}

ForwardPass::Streams ForwardPass::layer(int execution, Streams streams, int64_t first) {
  Layer layer(*this, execution, first);
  if (const Technique* chosen = residual()) {
    PartScope own(chosen->label.c_str());
    return call<Residual>(*chosen)->layer(layer, std::move(streams));
  }
  Var x = layer.mix(layer.enter(streams[0], 0));
  Var y = layer.attention(x);
  x = layer.needed(x) + y;
  x = x + layer.mlp(x);
  return {layer.leave(x, 0)};
}

Var ForwardPass::joined(Streams streams) {
  const Technique* chosen = residual();
  return chosen ? call<Residual>(*chosen)->join(std::move(streams)) : streams[0];
}

Var ForwardPass::lasting(Var x) const {
  if (!rewinds_) return x;
  Tape& tape = Tape::current();
  return tape.adopt_copy(x.value());
}

Var ForwardPass::hidden(int64_t first) {
  Tape& tape = Tape::current();
  Streams streams = {entry_ ? x0 : stem()};
  ask_masks();
  if (!tape.recording()) return hidden_by_layers(std::move(streams), first);
  for (int i = 0; i < executions; ++i) streams = layer(i, std::move(streams), 0);
  return norm(joined(std::move(streams)));
}

// Outside training nothing of a layer is needed after it but its output and what techniques keep, so each
// layer uses the memory of the one before, which still lies in the processor's cache.
Var ForwardPass::hidden_by_layers(Streams streams, int64_t first) {
  Tape& tape = Tape::current();
  Var whole_x0 = x0;
  Ids whole = tokens;
  const Technique* chosen = residual();
  Streams kept(size_t(chosen ? chosen->as<Residual>()->lanes(shape->layers) : 1));
  for (Var& stream : kept) stream = result(x0.shape());
  // A stream that is handed on as it is may lie where another one is going to.
  auto is_in_the_way = [&](Var x) {
    return std::ranges::any_of(kept, [&](Var stream) { return stream.data() == x.data(); });
  };
  auto keep_all = [&](Streams values) {
    check(values.size() <= kept.size(), "residual: a layer hands on {} streams; there are to be {} at most",
          values.size(), kept.size());
    if (values.size() > 1)
      for (Var& value : values)
        if (is_in_the_way(value)) value = tape.adopt_copy(value.value());
    for (size_t i = 0; i < values.size(); ++i) copy(values[i].value(), kept[i].value());
    return Streams(kept.begin(), kept.begin() + std::ptrdiff_t(values.size()));
  };
  streams = keep_all(std::move(streams));
  rewinds_ = true;
  for (int i = 0; i + 1 < executions; ++i) {
    Tape::Mark mark = tape.mark();
    streams = keep_all(layer(i, streams, 0));
    tape.rewind(mark);
  }
  Var x = norm(joined(layer(executions - 1, std::move(streams), first)));
  tokens = whole;
  x0 = whole_x0;
  return x;
}

Var ForwardPass::logits(Var x) {
  PartScope part("head products");
  const Technique& head = model_.parts_.one(Kind::kHead);
  Shape wanted = {x.shape()[0], x.shape()[1], int64_t(shape->vocabulary)};
  Var z = is_passed_over(head) ? logits_by_table(x) : returned(call<Head>(head)->logits(*this, x), wanted);
  Var more = adapter_ ? adapter_->logits(*this, x) : Var();
  return modified(more.defined() ? z + more : z);
}

Var ForwardPass::modified(Var logits) {
  Detour detour(*this);
  return through(Site::kLogits, &Modifier::logits, logits);
}

Var ForwardPass::term(const Technique& objective, Prediction& prediction) {
  if (is_passed_over(objective)) return {};
  PartScope part(objective.label.c_str());
  return call<Objective>(objective)->term(*this, prediction);
}

Var Model::logits(Ids tokens, Mode mode, const TrainingPass& at) {
  ForwardPass pass(*this, tokens, mode, at);
  return pass.logits(pass.hidden());
}

Var Model::losses(Ids tokens, Ids targets, Mode mode, const Progress& progress) {
  return cross_entropy(logits(tokens, mode, progress), targets);
}

}  // namespace caddie
