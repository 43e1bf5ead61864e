// SPDX-License-Identifier: Apache-2.0
// Defines one forward pass, which holds the context that techniques read and calls them at their sites.
#pragma once

#include <optional>

#include "autograd/scope.h"
#include "autograd/tape.h"
#include "model/model.h"

namespace caddie {

/// Says where in a pass a technique is called: at which site, and in which layer's turn.
struct CallPlace {
  Site site = Site::kCount;  // kCount where there is none
  int execution = -1;        // -1 outside the layers
  Part part = Part::kAttention;
  int lane = 0;
};

/// Runs one pass over one micro-batch, on the tape that is current on this thread.
class ForwardPass final : public Forward {
 public:
  /// `at.without` is passed over, as in Model::logits(); it may be null, as may be what adds to the products.
  ForwardPass(Model& model, Ids ids, Mode how, const TrainingPass& at, Adapter* adapter = nullptr)
      : model_(model), micro_batch_(at.micro_batch), without_(at.without), adapter_(adapter) {
    tokens = ids;
    documents = at.documents;
    mode = how;
    progress = at.progress;
    shape = &model.shape_;
    const Technique* orders = model.orders_layers(progress, without_);
    order_ = orders ? order_by(*orders) : each_once(model.settings_.layers);
    executions = int(order_.size());
  }

  void keep(int key, Var x) override { cache_[{owner_, key}] = lasting(x); }
  Var kept(int key) const override {
    auto found = cache_.find({owner_, key});
    return found == cache_.end() ? Var() : found->second;
  }

  Var logits_by_table(Var x) override;
  IndexedRng rng(int key) const override;

  /// Runs the stem and what the first layer computes before its attention. The result is undefined when a
  /// technique keeps something there for later. It works outside training only, as does resume().
  SharedActivations shared_activations();
  /// Makes hidden() take these values, which must outlive the pass, for those of shared_activations().
  void resume(const SharedActivations& shared);
  /// Runs the stem, all layers and the norm before the head, and returns [B,T-first,C], the positions from
  /// `first` on: the last layer leaves out the others where nothing looks back at them. `first` is 0, or a
  /// multiple of kAttentionBlock on a CPU tape that does not record.
  Var hidden(int64_t first = 0);
  /// Runs the head and returns the logits [B,T,V] of what hidden() returned.
  Var logits(Var x);
  /// Passes logits through the modifiers of the site `logits`. Whoever asks is the calling technique again
  /// afterwards.
  Var modified(Var logits);
  /// Returns what an objective adds to the loss at each position, or an undefined Var.
  Var term(const Technique& objective, Prediction& prediction);
  /// Makes the head, its modifiers and the objectives see positions first .. first + count - 1 of one
  /// sequence alone, for as long as the object lives. Positions count on through the sequences of the batch.
  class Stretch {
   public:
    Stretch(ForwardPass& pass, int64_t first, int64_t count) : pass_(pass), whole_(pass.tokens) {
      pass.tokens = {whole_.data + first, 1, count, whole_.device};
      pass.first_ = first;
    }
    ~Stretch() {
      pass_.tokens = whole_;
      pass_.first_ = 0;
    }
    Stretch(const Stretch&) = delete;
    Stretch& operator=(const Stretch&) = delete;

   private:
    ForwardPass& pass_;
    Ids whole_;
  };

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
  bool is_passed_over(const Technique& technique) const {
    if (mode == Mode::kEvaluate && technique.entry->card.training_only) return true;
    return without_ && technique.object == without_->object;
  }
  static CallPlace at(Site site, const Block& block) {
    return {site, block.execution, block.part, block.lane};
  }
  /// Makes the technique that asks for something the calling one again once it has it.
  class Detour {
   public:
    explicit Detour(ForwardPass& pass) : pass_(pass), owner_(pass.owner_), where_(pass.where_) {}
    ~Detour() {
      pass_.owner_ = owner_;
      pass_.where_ = where_;
    }
    Detour(const Detour&) = delete;
    Detour& operator=(const Detour&) = delete;

   private:
    ForwardPass& pass_;
    const Technique* owner_;
    CallPlace where_;
  };
  template <class Slot>
  Call<Slot> call(const Technique& technique, const CallPlace& where = {}) {
    owner_ = &technique;
    where_ = where;
    technique.calls->in[int(mode)].fetch_add(1, std::memory_order_relaxed);
    bool in_layer = where.execution >= 0, at_site = where.site != Site::kCount;
    return technique.as<Slot>(at_site ? detail::kSites<Modifier>[size_t(where.site)].name : nullptr,
                              in_layer ? order_[size_t(where.execution)].layer : -1);
  }
  // Returns what a plugin gave back, while it still counts as at work. Throws Error unless it is like what it
  // was given; heads, the last axis of four, may be made longer on the way into the attention, and back.
  static Var returned(Var value, Shape wanted) {
    check(value.defined(), "it returned no value");
    const Shape& shape = value.shape();
    if (shape.rank() == 4 && wanted.rank() == 4) wanted = {wanted[0], wanted[1], wanted[2], shape[3]};
    check(shape == wanted, "it returned {} in place of {}", shape, wanted);
    return value;
  }
  static QueryKey returned(const QueryKey& value, const QueryKey& given) {
    return {returned(value.q, given.q.shape()), returned(value.k, given.k.shape())};
  }
  static Var returned(Var value, Var given) { return returned(value, given.shape()); }
  std::vector<Execution> order_by(const Technique& technique) {
    Call<LayerOrder> orders = call<LayerOrder>(technique);
    std::vector<Execution> turns = orders->order(model_.settings_.layers, progress);
    model_.check_order(turns, technique);
    return turns;
  }
  // Passes `value` through the modifiers of a site that stands outside the layers.
  template <class Value>
  Value through(Site site, Value (Modifier::*step)(Forward&, Value), Value value) {
    for (const Technique* technique : model_.at(site)) {
      if (is_passed_over(*technique)) continue;
      PartScope part(technique->label.c_str());
      value = returned(((*call<Modifier>(*technique, {site})).*step)(*this, value), value);
    }
    return value;
  }
  // Passes a value through the modifiers at a site of a layer.
  template <class Value>
  Value through(Site site, Value (Modifier::*step)(Block&, Value), Block& block, Value value) {
    for (const Technique* technique : model_.at(site)) {
      if (is_passed_over(*technique) || !model_.acts_in(*technique, block.layer)) continue;
      PartScope part(technique->label.c_str());
      value = returned(((*call<Modifier>(*technique, at(site, block))).*step)(block, value), value);
    }
    return value;
  }
  Var norm(Var x) const;
  // Returns zeros of this shape, which no gradient leads back from.
  Var zeros(const Shape& of_shape) const;
  // Returns what the table gives for the tokens, [B,T,C].
  Var embedding_by_table();
  Var stem();
  // Holds what a layer computes before its attention: the residual stream x, its norm h, and the products of
  // h, not yet changed by modifiers.
  struct Entry {
    Var x, h, q, k, v;
  };
  // Asks the attention masks what they let each position see.
  void ask_masks();
  // Returns the first position that each one sees in a layer, [B,T]; no data where it sees all before it.
  Ids first_seen(int layer) const;
  /// Runs the parts of one layer, in the order that a Residual calls them.
  class Layer;
  /// Runs the parts of its MLP.
  class LayerMlp;
  using Streams = std::vector<Var>;
  // Returns what the first layer computes before its attention, from the stem's output.
  Entry entry(Var x);
  // Runs one layer and returns the streams that leave it, without the positions before `first`.
  Streams layer(int execution, Streams streams, int64_t first);
  // Returns the Residual of the model, or null.
  const Technique* residual() const;
  // Does what hidden() does, outside training, where the values of each layer are freed after it.
  Var hidden_by_layers(Streams streams, int64_t first);
  // Returns what the last norm reads.
  Var joined(Streams streams);
  // Returns a copy of x that outlives its layer where hidden() frees the values of each layer; else x itself.
  Var lasting(Var x) const;

  Model& model_;
  std::vector<Execution> order_;
  int64_t micro_batch_;
  const Technique* without_;
  Adapter* adapter_;
  const Technique* owner_ = nullptr;  // the technique that was called last
  CallPlace where_;                   // where it was called
  int64_t first_ = 0;                 // the first position that it was shown
  std::optional<Entry> entry_;        // the entry of the first layer, when it was computed before
  std::vector<std::pair<const Technique*, Ids>> masks_;  // what each attention mask answered
  bool rewinds_ = false;  // tells whether the values of each layer are freed after it
  std::map<std::pair<const Technique*, int>, Var> cache_;
};

}  // namespace caddie
