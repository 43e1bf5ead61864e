// SPDX-License-Identifier: Apache-2.0
// Learned tensors: a plugin declares each once, with its name, shape, role and initial value.
#pragma once

#include <caddie/var.h>

#include <string>
#include <vector>

namespace caddie {

/// What an optimizer, a view or a quantizer is routed by: "role:matrix".
enum class Role : uint8_t { kEmbedding, kMatrix, kVector, kScalar };

/// Where in the model a matrix stands; initializers look at it.
enum class Place : uint8_t { kOther, kTokens, kQuery, kKey, kValue, kAttentionOut, kMlpIn, kMlpOut, kHead };

/// The value a weight starts from.
struct Init {
  enum class Kind : uint8_t { kInitializer, kRows, kNormal };
  Kind kind = Kind::kInitializer;
  double deviation = 0;
  std::vector<double> rows = {};

  /// Left to the experiment's initializer.
  static Init by_initializer() { return {}; }
  static Init constant(double value) { return {Kind::kRows, 0, {value}}; }
  /// Row i is filled with rows[i].
  static Init constant_rows(std::vector<double> rows) { return {Kind::kRows, 0, std::move(rows)}; }
  static Init normal(double deviation) { return {Kind::kNormal, deviation, {}}; }
};

struct WeightInfo {
  std::string name;  // upstream's name in the state dict, e.g. "blocks.3.attn.c_q.weight"
  Shape shape;       // [out, in] for matrices
  Role role = Role::kMatrix;
  Place place = Place::kOther;
  int layer = -1;     // -1: in no layer
  std::string owner;  // label of the technique that declared it; "model" for the skeleton's own
  Init init;
};

/// One weight as optimizers and averagers see it, between two training steps.
struct Weight {
  const WeightInfo* info;
  Tensor value;
  Tensor gradient;  // mean over the batch; what step() may overwrite
};

/// The sizes that every part of the model agrees on.
struct ModelShape {
  int vocabulary = 0;
  int layers = 0;
  int width = 0;  // C
  int heads = 0, kv_heads = 0, head_size = 0;
  int hidden = 0;           // of the MLP
  int sequence_length = 0;  // of training
};

/// Where plugins declare their weights, before training starts.
class CADDIE_API Weights {
 public:
  virtual ~Weights();
  virtual const ModelShape& model() const = 0;
  /// Layers where the declaring technique acts; all of them unless its `layers` setting says otherwise.
  virtual const std::vector<int>& layers() const = 0;
  Parameter add(std::string name, const Shape& shape, Role role, Init init, Place place = Place::kOther,
                int layer = -1) {
    return declare({std::move(name), shape, role, place, layer, {}, std::move(init)});
  }
  /// One weight in each layer where the technique acts, named "blocks.<layer>.<name>"; indexed by layer.
  std::vector<Parameter> add_per_layer(const std::string& name, const Shape& shape, Role role,
                                       const Init& init, Place place = Place::kOther);

 protected:
  /// Throws Error when the name is taken.
  virtual Parameter declare(WeightInfo info) = 0;
};

}  // namespace caddie
