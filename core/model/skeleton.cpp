// SPDX-License-Identifier: Apache-2.0
// One forward pass:
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
#include "model/model.h"

namespace caddie {

/// What one pass carries; the context that techniques see.
class ForwardPass final : public Forward {
 public:
  ForwardPass(Model& model, Ids ids, Mode how, const Progress& where, const Technique* without)
      : model_(model), without_(without) {
    tokens = ids;
    token_table = model.token_table_;
    mode = how;
    progress = where;
    shape = &model.shape_;
  }

  void keep(int key, Var x) override { shelf_[{owner_, key}] = x; }
  Var kept(int key) const override {
    auto found = shelf_.find({owner_, key});
    return found == shelf_.end() ? Var() : found->second;
  }

  Var stem();
  Var layer(int index, Var x);
  Var logits(Var x);

 protected:
  Tensor find_table(int64_t key, const Shape& table_shape, void (*fill)(void*, float*),
                    void* context) override {
    std::lock_guard lock(model_.tables_mutex_);
    Tensor& table = model_.tables_[{owner_, key}];
    if (!table.defined()) {
      Tensor host(table_shape);
      fill(context, host.data());
      table = Tensor(table_shape, tokens.device);
      copy(host, table);
    }
    check(table.shape() == table_shape, "{}: table {} was made as {} and is asked for as {}", owner_->label,
          key, table.shape(), table_shape);
    return table;
  }

 private:
  template <class Slot>
  Slot& call(const Technique& technique) {
    owner_ = &technique;
    technique.calls->in[int(mode)].fetch_add(1, std::memory_order_relaxed);
    return technique.as<Slot>();
  }
  // Passes `value` through the modifiers of a site that acts once a pass.
  template <class Value>
  Value through(Site site, Value (Modifier::*step)(Forward&, Value), Value value) {
    for (const Technique* technique : model_.at(site))
      if (technique != without_) value = (call<Modifier>(*technique).*step)(*this, value);
    return value;
  }
  // The same in a layer.
  template <class Value>
  Value through(Site site, Value (Modifier::*step)(Block&, Value), Block& block, Value value) {
    for (const Technique* technique : model_.at(site))
      if (technique != without_ && model_.acts_in(*technique, block.layer))
        value = (call<Modifier>(*technique).*step)(block, value);
    return value;
  }
  Var norm(Var x) const { return rms_norm(x, float(model_.settings_.norm_eps)); }
  Var attend(Block& block, const Model::LayerWeights& weights);

  Model& model_;
  const Technique* without_;
  const Technique* owner_ = nullptr;
  std::map<std::pair<const Technique*, int>, Var> shelf_;
};

Var ForwardPass::stem() {
  Var e = gather(token_table, tokens);
  for (const Technique& embedding : model_.parts_.embeddings)
    if (&embedding != without_) e = e + call<Embedding>(embedding).embed(*this);
  e = through(kEmbeddedSite, &Modifier::embedded, e);
  Var x = rms_norm(e, float(model_.settings_.embedding_norm_eps));
  return x0 = through(kStemSite, &Modifier::stem, x);
}

Var ForwardPass::attend(Block& block, const Model::LayerWeights& weights) {
  const ModelShape& m = *shape;
  int64_t B = tokens.batch, T = tokens.length, D = m.head_size;
  Var q = reshape(linear(block.h, weights.query), {B, T, m.heads, D});
  Var k = reshape(linear(block.h, weights.key), {B, T, m.kv_heads, D});
  Var v = reshape(linear(block.h, weights.value), {B, T, m.kv_heads, D});
  QueryKey qk = through(kQueryKeySite, &Modifier::query_key, block, QueryKey{q, k});
  block.q = qk.q;
  block.k = qk.k;
  block.v = through(kValueSite, &Modifier::value, block, v);
  Var y = through(kAttendedSite, &Modifier::attended, block, attention(block.q, block.k, block.v));
  return linear(reshape(y, {B, T, int64_t(m.width)}), weights.attention_out);
}

Var ForwardPass::layer(int index, Var x) {
  const Model::LayerWeights& weights = model_.layers_[size_t(index)];
  Block block{*this, index, Part::kAttention, {}, {}, {}, {}};
  x = through(kEnterSite, &Modifier::enter, block, x);

  block.h = through(kNormedSite, &Modifier::normed, block, norm(x));
  Var y = attend(block, weights);
  x = x + through(kBranchSite, &Modifier::branch, block, y);

  block.part = Part::kMlp;
  block.h = through(kNormedSite, &Modifier::normed, block, norm(x));
  y = call<Activation>(model_.parts_.activation).apply(linear(block.h, weights.mlp_in));
  y = linear(y, weights.mlp_out);
  x = x + through(kBranchSite, &Modifier::branch, block, y);

  return through(kLeaveSite, &Modifier::leave, block, x);
}

Var ForwardPass::logits(Var x) {
  Var z = call<Head>(model_.parts_.head).logits(*this, norm(x));
  return through(kLogitsSite, &Modifier::logits, z);
}

Var Model::logits(Ids tokens, Mode mode, const Progress& progress, const Technique* without) {
  ForwardPass pass(*this, tokens, mode, progress, without);
  Var x = pass.stem();
  for (int i = 0; i < shape_.layers; ++i) x = pass.layer(i, x);
  return pass.logits(x);
}

Var Model::losses(Ids tokens, Ids targets, Mode mode, const Progress& progress) {
  return cross_entropy(logits(tokens, mode, progress), targets);
}

}  // namespace caddie
