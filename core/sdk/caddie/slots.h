// SPDX-License-Identifier: Apache-2.0
// Declares the interfaces that techniques implement. Each gives a plugin the one value at its place and takes
// back the new one. Those that turn weights into an artifact are in export_slots.h.
#pragma once

#include <caddie/ops.h>
#include <caddie/progress.h>
#include <caddie/random.h>
#include <caddie/settings.h>
#include <caddie/weights.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Saves and loads what a checkpoint must carry of a plugin besides weights. The same calls do both.
class CADDIE_API Archive {
 public:
  virtual ~Archive();
  virtual void operator()(const char* name, Tensor& tensor) = 0;
  virtual void operator()(const char* name, std::vector<Tensor>& tensors) = 0;
  virtual void operator()(const char* name, int64_t& number) = 0;
};

/// Names the kinds of plugins, one for each interface here and in the headers beside it, which holds it as
/// its kKind. The table in core/plugin/slot_table.cpp says what the core does with each kind.
enum class Kind : uint8_t {
  kActivation,
  kAllocator,
  kAttentionMask,
  kAverager,
  kBlend,
  kCompressor,
  kCorrector,
  kEmbedding,
  kEvaluator,
  kHead,
  kInitializer,
  kLayerOrder,
  kLayout,
  kMlp,
  kModifier,
  kObjective,
  kOptimizer,
  kPruner,
  kQuantizer,
  kRateFactor,
  kResidual,
  kSampler,
  kSchedule,
  kTextTransform,
  kTokenTable,
  kTrimmer,
  kView,
  kCount  // the number of kinds
};

/// Tells a plugin what it will work on, before anything is trained.
struct Shapes {
  const ModelShape& model;
  std::span<const WeightInfo* const> weights;  // the weights that it claims; empty where its slot claims none
  int64_t positions = 0;   // the predicted positions of the validation stream; 0 while that is not known
  int64_t documents = -1;  // the number of documents that start in that stream; -1 while that is not known
  int64_t steps = 0;       // the most steps that the training takes; 0 while that is not known
  bool timed = false;      // whether a wall-clock budget may end the training before them
  int start_token = -1;    // the token that starts a document of that stream; -1 while that is not known
  std::span<const int64_t> shards = {};  // the tokens of each training shard; empty while that is not known
};

/// Is the base of every technique. What a technique does not override declares nothing.
struct CADDIE_API Plugin {
  virtual ~Plugin();
  /// Declares the settings, one call of `settings` each.
  virtual void settings(Settings&) {}
  /// Declares the learned tensors, after the settings have been read.
  virtual void weights(Weights&) {}
  /// Throws Error when its settings do not go with what it will work on, saying what would. It is asked
  /// whenever an experiment is read, so that nothing is trained for an error that can be known.
  virtual void validate(const Shapes&) const {}
  /// Returns what a user should know of settings that are right and yet seldom meant, such as a warm-up that
  /// is longer than the training; empty when there is nothing to say. It is asked after validate().
  virtual std::string remark(const Shapes&) const { return ""; }
  /// Returns whether it may act on the training step about to be taken. The answer must depend on its
  /// settings and on `progress` alone: runs that differ only in techniques that do not act yet share their
  /// first steps.
  virtual bool acts(const Progress&) const { return true; }
};

/// Says what a forward pass is for.
enum class Mode : uint8_t { kTrain, kEvaluate };

/// Gives a technique what it may read of one forward pass over one micro-batch.
class CADDIE_API Forward {
 public:
  virtual ~Forward();
  Ids tokens;     // [B,T], the token ids that the pass reads
  Ids documents;  // [B,T], where in its row each position's document begins; attention stops there
  Var x0;         // [B,T,C], the output of the stem; defined from the first layer on
  Mode mode = Mode::kTrain;
  Progress progress;
  const ModelShape* shape = nullptr;
  int executions = 0;  // how often a layer runs in this pass

  /// Keeps x under `key` for the rest of this pass, in a cache that only the calling technique sees.
  virtual void keep(int key, Var x) = 0;
  /// Returns what the calling technique kept under `key` in this pass, or an undefined Var.
  virtual Var kept(int key) const = 0;
  /// Returns the logits [B,T,V] that the table of the token embedding gives for x [B,T,C], as a head that is
  /// tied to it does.
  virtual Var logits_by_table(Var x) = 0;
  /// Returns the random numbers of the place where the calling technique is called. They depend on the run's
  /// seed, the technique's label, the step, the micro-batch, the site, the layer's turn, sublayer and stream,
  /// and `key`, and on nothing else: however many threads there are, and if the pass is computed again, they
  /// are the same. An evaluation has the same ones in each pass.
  virtual IndexedRng rng(int key = 0) const = 0;
  /// Returns a table that depends on nothing but `key` and the caller's settings, such as rotary angles.
  /// `fill(float*)` writes it on the host the first time it is asked for; then all passes share it.
  template <class Fill>
  Tensor table(int64_t key, const Shape& shape, Fill fill) {
    return find_table(
        key, shape, [](void* context, float* out) { (*static_cast<Fill*>(context))(out); }, &fill);
  }

 protected:
  virtual Tensor find_table(int64_t key, const Shape& shape, void (*fill)(void* context, float* out),
                            void* context) = 0;
};

/// Names the two sublayers of a layer.
enum class Part : uint8_t { kAttention, kMlp };

/// Gives a Modifier what it may read of one sublayer of one layer.
struct Block {
  Forward& forward;
  int layer;
  Part part = Part::kAttention;
  Var h;                      // [B,T,C], the normed input of the sublayer
  Var q, k, v;                // [B,T,H,D], [B,T,K,D], [B,T,K,D]; undefined until attention has made them
  int execution = 0;          // the place of this run of the layer among forward.executions
  int lane = 0;               // the residual stream that a value belongs to, where there are several
  Var query_projection = {};  // [B,T,H,D], what q was before techniques changed it; undefined as long as q
};

/// Holds queries [B,T,H,D] and keys [B,T,K,D], which techniques such as rotations change together.
struct QueryKey {
  Var q, k;
};

/// Changes the hidden values of the MLP, elementwise.
struct CADDIE_API Activation : Plugin {
  static constexpr Kind kKind = Kind::kActivation;
  virtual Var apply(Var x) = 0;  // takes and returns the same shape, which may be any
};

/// Stands for the table of the token embedding, in both of its uses. Without one, a token is embedded as its
/// row of a table [V,C], by which a tied head multiplies; a model has one such plugin at most. Its own table
/// is called "tok_emb.weight" and starts as Init::as_token_table().
struct CADDIE_API TokenTable : Plugin {
  static constexpr Kind kKind = Kind::kTokenTable;
  /// Returns the embeddings of forward.tokens, [B,T,C].
  virtual Var embed(Forward& forward) = 0;
  /// Takes [B,T,C] and returns the logits [B,T,V] of a tied head, with the positions that a head sees.
  virtual Var logits(Forward& forward, Var x) = 0;
};

/// Adds something to the token embedding.
struct CADDIE_API Embedding : Plugin {
  static constexpr Kind kKind = Kind::kEmbedding;
  virtual Var embed(Forward& forward) = 0;  // returns [B,T,C]
};

/// Turns the last hidden values into logits. It sees some positions of one sequence at a time, with
/// forward.tokens to match, so what it does to a position must not depend on the others.
struct CADDIE_API Head : Plugin {
  static constexpr Kind kKind = Kind::kHead;
  virtual Var logits(Forward& forward, Var x) = 0;  // takes [B,T,C], returns [B,T,V]
};

/// Changes a value on its way through the model. Each site passes its value through unless overridden. Beside
/// each site stand the shape of its value and its place in the model.
struct CADDIE_API Modifier : Plugin {
  static constexpr Kind kKind = Kind::kModifier;
  virtual Var embedded(Forward&, Var x) { return x; }  // [B,T,C], before the embedding's norm
  virtual Var stem(Forward&, Var x) { return x; }      // [B,T,C], after the embedding's norm
  virtual Var enter(Block&, Var x) { return x; }       // [B,T,C], the residual stream before the layer
  virtual Var mixed(Block&, Var x) { return x; }       // [B,T,C], what the layer reads of that stream
  virtual Var normed(Block&, Var h) { return h; }      // [B,T,C], after the norm in front of attention or MLP
  virtual QueryKey query_key(Block&, QueryKey qk) { return qk; }  // [B,T,H,D] and [B,T,K,D], before attention
  virtual Var value(Block&, Var v) { return v; }                  // [B,T,K,D], before attention
  virtual Var attended(Block&, Var y) { return y; }  // [B,T,H,D], attention's; the block's values can be read
  virtual Var activated(Block&, Var x) { return x; }  // [B,T,F], the MLP's hidden values, before Wproj
  virtual Var branch(Block&, Var y) { return y; }     // [B,T,C], the sublayer's output, before it is added
  virtual Var leave(Block&, Var x) { return x; }      // [B,T,C], the residual stream after the layer
  virtual Var logits(Forward&, Var z) { return z; }   // [B,T,V], before the loss
};

/// Fills matrices with their initial values.
struct CADDIE_API Initializer : Plugin {
  static constexpr Kind kKind = Kind::kInitializer;
  /// Fills a matrix [out, in] whose Init is by_initializer(). All random numbers must come from
  /// `rng`, which is the weight's own. Weights are filled on several threads at once.
  virtual void fill(Tensor& weight, const WeightInfo& info, const ModelShape& model, Rng& rng) = 0;
};

/// Changes what the model reads in place of a weight.
struct CADDIE_API WeightView : Plugin {
  static constexpr Kind kKind = Kind::kView;
  /// Returns what the model reads in place of w, in the same shape, or w itself.
  virtual Var view(Var w, const WeightInfo& info, const Progress& progress, Mode mode) = 0;
};

/// Throws Error naming the first weight that is no matrix.
CADDIE_API void check_matrices(const Shapes& shapes);

/// Updates weights from their gradients, in place.
struct CADDIE_API Optimizer : Plugin {
  static constexpr Kind kKind = Kind::kOptimizer;
  /// Updates the weights routed to it, always the same ones in the same order. progress.lr_scale and
  /// the weight's lr_factor multiply the rate.
  virtual void step(std::span<Weight> weights, const Progress& progress) = 0;
  /// Names what changes during training and must be restored with a checkpoint.
  virtual void state(Archive&) {}
};

/// Scales the learning rates of all optimizers, step by step.
struct CADDIE_API Schedule : Plugin {
  static constexpr Kind kKind = Kind::kSchedule;
  /// Returns what the learning rates are multiplied by in the step about to be taken.
  virtual double scale(const Progress& progress) const = 0;
};

/// Multiplies the learning rates of single weights, beside the schedule, which scales all of them alike.
struct CADDIE_API RateFactor : Plugin {
  static constexpr Kind kKind = Kind::kRateFactor;
  /// Returns what the rate of a claimed weight is multiplied by in the step about to be taken, 0 or more.
  /// Where several plugins claim a weight, their factors are multiplied.
  virtual double factor(const WeightInfo& info, const ModelShape& model, const Progress& progress) const = 0;
};

/// Averages the weights over the training steps.
struct CADDIE_API Averager : Plugin {
  static constexpr Kind kKind = Kind::kAverager;
  /// Is called once with the initial weights (progress.step == 0), then after each optimizer step.
  virtual void update(std::span<const Weight> live, const Progress& progress) = 0;
  /// Returns what evaluation and export read, in the order of the weights; empty while there is no average
  /// yet.
  virtual std::span<const Tensor> average() const = 0;
  /// Names what changes during training and must be restored with a checkpoint.
  virtual void state(Archive&) {}
};

}  // namespace caddie
