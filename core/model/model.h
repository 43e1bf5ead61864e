// SPDX-License-Identifier: Apache-2.0
// Defines the reference transformer as a skeleton: token embedding, layers of attention and MLP, head. The
// experiment's techniques act at the sites of the skeleton, which slots.h names.
#pragma once

#include <caddie/plugin.h>

#include <array>
#include <map>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "model/shared_activations.h"
#include "model/technique.h"
#include "model/weights.h"

namespace caddie {

/// Holds the section [model] of an experiment.
struct ModelSettings {
  int vocabulary = 1024;
  int layers = 9;
  int dim = 512;
  int heads = 8;
  int kv_heads = 4;
  double mlp_mult = 2;
  double embedding_init_std = 0.005;
  double norm_eps = 1.1920928955078125e-07;
  double embedding_norm_eps = 1.1920928955078125e-07;
  bool round_init_bf16 = true;

  void settings(Settings& s);
  /// Returns the sizes of the model. Throws Error (exit code 2) when heads do not divide dim, when kv_heads
  /// do not divide heads, or when the MLP would have no hidden units.
  ModelShape shape(int sequence_length) const;
};

/// Holds the parts of a model that the experiment chooses, by kind, those of a kind in the experiment's
/// order.
class ModelParts {
 public:
  void add(Kind kind, Technique technique) { by_kind_[size_t(kind)].push_back(std::move(technique)); }
  std::vector<Technique>& of(Kind kind) { return by_kind_[size_t(kind)]; }
  const std::vector<Technique>& of(Kind kind) const { return by_kind_[size_t(kind)]; }
  /// Returns the part of a kind of which every model has one.
  const Technique& one(Kind kind) const { return of(kind).at(0); }
  /// Returns the part of a kind of which a model has one at most, or null.
  const Technique* any(Kind kind) const { return of(kind).empty() ? nullptr : &of(kind).front(); }

 private:
  std::array<std::vector<Technique>, size_t(Kind::kCount)> by_kind_;
};

/// Says where a training stands of which a pass is a part.
struct TrainingPass {
  Progress progress;
  int64_t micro_batch = 0;             // counts the micro-batches of a step, those of all ranks
  const Technique* without = nullptr;  // is passed over, as in Model::logits()
  Ids documents = {};  // [B,T], where the document of each position begins; no data where tokens say it
};

/// Holds sums over the positions of a micro-batch, in nats.
struct LossSums {
  double nats = 0;            // the cross entropy
  std::vector<double> terms;  // what each objective adds to the loss, in their order
};

/// Returns the order in which each of `layers` layers runs once.
std::vector<Execution> each_once(int layers);

/// Holds the weights and the techniques of a model, and runs them.
class Model {
 public:
  Model(const ModelSettings& settings, int sequence_length, ModelParts parts, Device device);

  const ModelSettings& settings() const { return settings_; }
  const ModelShape& shape() const { return shape_; }
  const ModelParts& parts() const { return parts_; }
  WeightTable& weights() { return weights_; }
  const WeightTable& weights() const { return weights_; }

  /// Returns the modifiers that act at `site`, in the order in which they run.
  std::span<const Technique* const> at(Site site) const;
  /// Returns whether a modifier or an attention mask acts in `layer`.
  bool acts_in(const Technique& technique, int layer) const;

  /// Returns the plugin that chooses the order of the layers at `progress`, null where each runs once.
  /// `without` is passed over, as in logits().
  const Technique* orders_layers(const Progress& progress, const Technique* without) const;
  /// Throws Error unless an order that `by` chose runs layers that there are, and is none too long.
  void check_order(std::span<const Execution> turns, const Technique& by) const;
  /// Returns the longest order that there will be. Throws Error when it runs layers that there cannot be.
  std::vector<Execution> longest_order() const;
  /// Says where the training stands whose model is evaluated; without that it is over.
  void evaluate_at(const Progress& progress) { evaluated_at_ = progress; }
  const Progress& evaluated_at() const { return evaluated_at_; }

  /// Gives what passes draw its seed.
  void draw_by(uint64_t seed) { seed_ = seed; }

  /// Fills all weights with their initial values, which depend on the seed and the weights' names.
  void initialize(Initializer& initializer, uint64_t seed);

  /// Returns the logits [B,T,V] on this thread's tape, whose leaves stand for the weights. Several threads
  /// may call it at once. `without` is passed over, as if it did nothing: an embedding adds nothing, a
  /// modifier or an activation hands its value on, a head is the product with the token table, and what a
  /// token table would give is zero.
  Var logits(Ids tokens, Mode mode, const TrainingPass& at);
  Var logits(Ids tokens, Mode mode, const Progress& progress, const Technique* without = nullptr) {
    return logits(tokens, mode, TrainingPass{progress, 0, without, {}});
  }
  /// Returns -log p(target) at each position [B,T], in nats.
  Var losses(Ids tokens, Ids targets, Mode mode, const Progress& progress);

  /// Runs a pass forward and backward, on this thread's recording tape: adds the gradient of `seed` times the
  /// sum of the losses, and in training of the objectives' terms, to its leaves, and returns these sums. The
  /// head, the modifiers of the logits and the objectives are called for some positions of one sequence at a
  /// time.
  LossSums add_gradients(Ids tokens, Ids targets, Mode mode, const TrainingPass& at, float seed);
  /// Returns what an evaluation of tokens [1,T], on this thread's tape, computes before its first attention,
  /// in memory of its own. It is undefined when a technique keeps something there for later.
  SharedActivations shared_activations(Ids tokens);
  /// Sets nats[b * T + t] = -log p(target) for each t >= first_scored[b], on a tape that does not record; the
  /// others are left as they are or get a loss too. `nats` lies on the host. Logits are divided by
  /// `temperature`. Targets may be several sets, [S * B, T], and nats with them; one of -1 gives 0. With
  /// `trim` the last layer works on the positions that are scored alone: the same bits, unless a modifier
  /// looks from one position to another after that layer's attention. `shared`, when given, is that of the
  /// tokens and not computed again.
  void score(Ids tokens, Ids targets, double temperature, std::span<const int64_t> first_scored, bool trim,
             float* nats, const SharedActivations* shared = nullptr);
  /// Runs an evaluation of tokens [1,T] with what `adapter` adds, whose weights stand behind the model's own
  /// among the leaves. Sets nats[t] = -log p(target) for each t >= first, and on a tape that records adds the
  /// gradient of `seed` times their sum to the leaves. `nats` lies on the host. Further sets of targets, [S,
  /// T], add to nats alone.
  void score_adapted(Ids tokens, Ids targets, Adapter& adapter, int64_t first, float seed, float* nats);

 private:
  friend class ForwardPass;
  struct LayerWeights {
    Parameter query, key, value, attention_out, mlp_in, mlp_out;
  };
  void arrange_layers();
  void declare_weights();
  void declare_for(Technique& technique);

  ModelSettings settings_;
  ModelShape shape_;
  ModelParts parts_;
  WeightTable weights_;
  Parameter token_table_;  // undefined where a plugin stands for it
  std::vector<LayerWeights> layers_;
  Progress evaluated_at_;
  uint64_t seed_ = 0;
  std::map<Site, std::vector<const Technique*>> sites_;
  std::map<const Technique*, std::vector<bool>> acts_in_;
  std::mutex tables_mutex_;
  std::map<std::pair<const Technique*, int64_t>, Tensor> tables_;
};

}  // namespace caddie
