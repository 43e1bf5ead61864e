// SPDX-License-Identifier: Apache-2.0
// Declares learned tensors: a plugin declares each once, with its name, shape, role and initial value.
#pragma once

#include <caddie/var.h>

#include <string>
#include <vector>

namespace caddie {

/// Says what sort of weight this is; an experiment routes optimizers, views and quantizers by it
/// ("role:matrix").
enum class Role : uint8_t { kEmbedding, kMatrix, kVector, kScalar };

/// Says where in the model a matrix stands; initializers look at it.
enum class Place : uint8_t { kOther, kTokens, kQuery, kKey, kValue, kAttentionOut, kMlpIn, kMlpOut, kHead };

/// Says which value a weight starts from.
struct Init {
  enum class Kind : uint8_t { kInitializer, kRows, kNormal, kUniform, kTokenTable };
  Kind kind = Kind::kInitializer;
  double deviation = 0, bound = 0;
  std::vector<double> rows = {};

  /// Leaves the value to the experiment's initializer.
  static Init by_initializer() { return {}; }
  /// Gives every element the same value.
  static Init constant(double value) { return {Kind::kRows, 0, 0, {value}}; }
  /// Fills row i with rows[i].
  static Init constant_rows(std::vector<double> rows) { return {Kind::kRows, 0, 0, std::move(rows)}; }
  /// Draws from a normal distribution of mean 0 and this standard deviation.
  static Init normal(double deviation) { return {Kind::kNormal, deviation, 0, {}}; }
  /// Draws evenly from -bound to bound.
  static Init uniform(double bound) { return {Kind::kUniform, 0, bound, {}}; }
  /// Draws as the experiment's model.embedding_init_std says, as the model's own table of tokens is drawn.
  static Init as_token_table() { return {Kind::kTokenTable}; }
};

/// Describes one declared weight.
struct WeightInfo {
  std::string name;  // its name in the reference model's state dict, e.g. "blocks.3.attn.c_q.weight"
  Shape shape;       // is [out, in] for matrices
  Role role = Role::kMatrix;
  Place place = Place::kOther;
  int layer = -1;     // -1 when it belongs to no layer
  std::string owner;  // the label of the technique that declared it; "model" for the skeleton's own
  Init init;
  bool training_only = false;  // tells that only training reads it: it is in no artifact
};

/// Refers to one weight as optimizers and averagers see it, between two training steps.
struct Weight {
  const WeightInfo* info;
  Tensor value;
  Tensor gradient;       // the mean over the batch, which step() may overwrite; undefined when there is none
  double lr_factor = 1;  // what multiplies the learning rate of this weight alone
};

/// Holds the sizes that every part of the model agrees on.
struct ModelShape {
  int vocabulary = 0;
  int layers = 0;  // as techniques see them: each may have vectors and settings of its own
  int width = 0;   // the residual stream's width, C in shapes
  int heads = 0, kv_heads = 0, head_size = 0;
  int hidden = 0;           // the MLP's width
  int sequence_length = 0;  // the tokens of a training sequence
  int matrices = 0;         // the layers that have matrices of attention and MLP
  int executions = 0;       // how often a layer runs in the longest pass; `layers` where each runs once
};

/// Takes the weights that plugins declare before training starts.
class CADDIE_API Weights {
 public:
  virtual ~Weights();
  virtual const ModelShape& model() const = 0;
  /// Returns the layers where the declaring technique acts, rising; all of them unless its `layers` setting
  /// says otherwise.
  virtual const std::vector<int>& layers() const = 0;
  /// Declares one weight. Throws Error when the name is taken.
  Parameter add(std::string name, const Shape& shape, Role role, Init init, Place place = Place::kOther,
                int layer = -1) {
    return declare({std::move(name), shape, role, place, layer, {}, std::move(init)});
  }
  /// Declares one weight that only training reads. It is trained, averaged and kept in checkpoints, and is
  /// neither exported nor there in an evaluation, where to read it is an error.
  Parameter add_for_training(std::string name, const Shape& shape, Role role, Init init,
                             Place place = Place::kOther, int layer = -1) {
    return declare({std::move(name), shape, role, place, layer, {}, std::move(init), true});
  }
  /// Declares one weight in each layer where the technique acts, named "blocks.<layer>.<name>". The result
  /// has an entry for every layer of the model, undefined where the technique does not act.
  std::vector<Parameter> add_per_layer(const std::string& name, const Shape& shape, Role role,
                                       const Init& init, Place place = Place::kOther);

 protected:
  /// Throws Error when the name is taken.
  virtual Parameter declare(WeightInfo info) = 0;
};

}  // namespace caddie
