// SPDX-License-Identifier: Apache-2.0
// The interfaces that techniques implement. Each gives a plugin the one value at its place and takes back the
// new one.
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

/// What a checkpoint must carry of a plugin besides weights. The same calls save and load.
class CADDIE_API Archive {
 public:
  virtual ~Archive();
  virtual void operator()(const char* name, Tensor& tensor) = 0;
  virtual void operator()(const char* name, std::vector<Tensor>& tensors) = 0;
  virtual void operator()(const char* name, int64_t& number) = 0;
};

/// The kinds of plugins, one for each interface below, which names it as its kKind. What the core does with
/// each stands in the slot table.
enum class Kind : uint8_t {
  kActivation,
  kAverager,
  kCompressor,
  kEmbedding,
  kEvaluator,
  kHead,
  kInitializer,
  kModifier,
  kOptimizer,
  kPruner,
  kQuantizer,
  kSchedule,
  kTrimmer,
  kView,
  kCount  // how many there are
};

/// What every technique may declare.
struct CADDIE_API Plugin {
  virtual ~Plugin();
  virtual void settings(Settings&) {}
  virtual void weights(Weights&) {}
  virtual void state(Archive&) {}
  /// Whether it may act on the training step about to be taken. Must depend on its settings and on `progress`
  /// alone: runs that differ only in techniques that do not act yet share their first steps.
  virtual bool acts(const Progress&) const { return true; }
};

enum class Mode : uint8_t { kTrain, kEvaluate };

/// One forward pass over one micro-batch.
class CADDIE_API Forward {
 public:
  virtual ~Forward();
  Ids tokens;             // [B,T]
  Var x0;                 // [B,T,C], the stem's output; defined from the first layer on
  Parameter token_table;  // [V,C]
  Mode mode = Mode::kTrain;
  Progress progress;
  const ModelShape* shape = nullptr;

  /// A cache for this pass, private to the calling technique. `kept` gives an undefined Var for unknown keys.
  virtual void keep(int key, Var x) = 0;
  virtual Var kept(int key) const = 0;
  /// A table that depends on nothing but `key` and the caller's settings, such as rotary angles.
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

enum class Part : uint8_t { kAttention, kMlp };

/// One sublayer of one layer.
struct Block {
  Forward& forward;
  int layer;
  Part part = Part::kAttention;
  Var h;        // [B,T,C], the normed input of the sublayer
  Var q, k, v;  // [B,T,H,D], [B,T,K,D], [B,T,K,D]; defined once made
};

struct QueryKey {
  Var q, k;
};

struct CADDIE_API Activation : Plugin {
  static constexpr Kind kKind = Kind::kActivation;
  virtual Var apply(Var x) = 0;  // [..] -> [..]
};

/// Adds something to the token embedding.
struct CADDIE_API Embedding : Plugin {
  static constexpr Kind kKind = Kind::kEmbedding;
  virtual Var embed(Forward& forward) = 0;  // -> [B,T,C]
};

struct CADDIE_API Head : Plugin {
  static constexpr Kind kKind = Kind::kHead;
  virtual Var logits(Forward& forward, Var x) = 0;  // [B,T,C] -> [B,T,V]
};

/// Changes a value on its way through the model. Each site passes its value through unless overridden.
struct CADDIE_API Modifier : Plugin {
  static constexpr Kind kKind = Kind::kModifier;
  virtual Var embedded(Forward&, Var x) { return x; }             // [B,T,C], before the embedding's norm
  virtual Var stem(Forward&, Var x) { return x; }                 // [B,T,C], after it
  virtual Var enter(Block&, Var x) { return x; }                  // residual stream, before the layer
  virtual Var normed(Block&, Var h) { return h; }                 // after a pre-norm, of attention or MLP
  virtual QueryKey query_key(Block&, QueryKey qk) { return qk; }  // [B,T,H,D] and [B,T,K,D]
  virtual Var value(Block&, Var v) { return v; }                  // [B,T,K,D], before attention
  virtual Var attended(Block&, Var y) { return y; }  // [B,T,H,D]; block.h and block.v are readable
  virtual Var branch(Block&, Var y) { return y; }    // [B,T,C], the sublayer's output, before it joins
  virtual Var leave(Block&, Var x) { return x; }     // residual stream, after the layer
  virtual Var logits(Forward&, Var z) { return z; }  // [B,T,V], before the loss
};

struct CADDIE_API Initializer : Plugin {
  static constexpr Kind kKind = Kind::kInitializer;
  /// Fills a matrix [out, in] whose Init is by_initializer(). `layers` is the depth of the model.
  virtual void fill(Tensor& weight, const WeightInfo& info, const ModelShape& model, Rng& rng) = 0;
};

/// What the model reads in place of a weight.
struct CADDIE_API WeightView : Plugin {
  static constexpr Kind kKind = Kind::kView;
  virtual Var view(Var w, const WeightInfo& info, const Progress& progress, Mode mode) = 0;
};

struct CADDIE_API Optimizer : Plugin {
  static constexpr Kind kKind = Kind::kOptimizer;
  /// Updates the weights routed to it, always the same ones in the same order. progress.lr_scale multiplies
  /// the rate.
  virtual void step(std::span<Weight> weights, const Progress& progress) = 0;
};

struct CADDIE_API Schedule : Plugin {
  static constexpr Kind kKind = Kind::kSchedule;
  /// What the learning rates are multiplied by in the step about to be taken.
  virtual double scale(const Progress& progress) const = 0;
};

struct CADDIE_API Averager : Plugin {
  static constexpr Kind kKind = Kind::kAverager;
  /// Called once with the initial weights (progress.step == 0), then after each optimizer step.
  virtual void update(std::span<const Weight> live, const Progress& progress) = 0;
  /// What evaluation and export read, in the order of the weights; empty while there is no average yet.
  virtual std::span<const Tensor> average() const = 0;
};

enum class Type : uint8_t { kFloat32, kFloat16, kInt8 };
CADDIE_API int64_t bytes_of(Type type);

/// A named array as it is stored in an artifact: little-endian, row-major.
struct Array {
  std::string name;  // "q", "scale"
  Type type = Type::kInt8;
  Shape shape;
  std::string bytes;
};
using Packed = std::vector<Array>;

/// Changes averaged weights before they are quantized.
struct CADDIE_API Pruner : Plugin {
  static constexpr Kind kKind = Kind::kPruner;
  virtual void prune(Tensor& weight, const WeightInfo& info) = 0;
};

struct CADDIE_API Quantizer : Plugin {
  static constexpr Kind kKind = Kind::kQuantizer;
  /// Whether pack() reads the Hessian; only then does a calibration run through the model.
  virtual bool wants_hessian() const { return false; }
  /// Must give the same bytes for the same arguments. `hessian` is [in,in], the sum of x x^T over the inputs
  /// x of the weight's linear, divided by the number of calibration sequences, its diagonal raised by the
  /// calibration's damping; null when nothing was collected.
  virtual Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor* hessian) = 0;
  virtual void unpack(const Packed& packed, Tensor& weight) const = 0;
};

struct PackedWeight {
  const WeightInfo* info;
  Packed* packed;
};

/// The quantized model as a trimmer sees it.
class CADDIE_API Package {
 public:
  virtual ~Package();
  /// In the order of the model's weights; the bytes of an array may be changed, its type and shape may not.
  virtual std::span<const PackedWeight> weights() = 0;
  /// Size of the artifact, code included, if it were written now. Compresses everything: slow.
  virtual int64_t bytes() = 0;
  /// What that size may be.
  virtual int64_t limit_bytes() const = 0;
};

/// Changes quantized weights so that the artifact becomes smaller.
struct CADDIE_API Trimmer : Plugin {
  static constexpr Kind kKind = Kind::kTrimmer;
  virtual void trim(Package& package) = 0;
};

struct CADDIE_API Compressor : Plugin {
  static constexpr Kind kKind = Kind::kCompressor;
  virtual std::string compress(std::string_view bytes) = 0;
  /// Inverse of compress; `size` is the length of the result. Throws Error on damaged input.
  virtual std::string expand(std::string_view bytes, size_t size) const = 0;
};

/// A stretch of the validation stream: predicts positions start .. start + length - 1 and counts those from
/// start + first_scored on.
struct Window {
  int64_t start = 0;
  int64_t length = 0;
  int64_t first_scored = 0;
};

struct Score {
  double nats = 0;  // summed over the scored positions
  int64_t tokens = 0, bytes = 0, windows = 0;
  double seconds = 0;
  double loss() const { return nats / double(tokens); }  // nats per token
  double bits_per_byte() const { return nats / 0.693147180559945309 / double(bytes); }
};

/// The model and the validation stream, as an evaluator sees them.
class CADDIE_API Scorer {
 public:
  virtual ~Scorer();
  /// Number of predicted positions: one less than the tokens of the stream.
  virtual int64_t positions() const = 0;
  virtual int64_t sequence_length() const = 0;
  /// Rising positions whose input is the first token of a document; empty when the stream marks none.
  virtual std::span<const int64_t> document_starts() const { return {}; }
  /// Runs all windows, sums in window order. Logits are divided by `temperature`.
  virtual Score score(std::span<const Window> windows, double temperature = 1) = 0;
};

/// Positions [begin, end) of the stream.
struct Stretch {
  int64_t begin = 0, end = 0;
};
/// The whole stream as one stretch; with `by_document` one for each document, in order. The last position of
/// a document, whose target is the first token of the next one, belongs to it. Throws Error when documents
/// are asked for and the stream marks none.
CADDIE_API std::vector<Stretch> stretches(const Scorer& scorer, bool by_document);

struct CADDIE_API Evaluator : Plugin {
  static constexpr Kind kKind = Kind::kEvaluator;
  virtual Score evaluate(Scorer& scorer) = 0;
};

}  // namespace caddie
