// SPDX-License-Identifier: Apache-2.0
// Declares the interfaces of techniques that arrange the layers of the model: what attention sees, in which
// order layers run, how their sublayers share the residual stream, and which shape the MLP has.
#pragma once

#include <caddie/slots.h>

namespace caddie {

/// Chooses which earlier positions a position sees in attention. Where several act in a layer a position sees
/// what all of them let it see.
struct AttentionMask : Plugin {
  static constexpr Kind kKind = Kind::kAttentionMask;
  /// Returns [B,T]: the position t of a row of forward.tokens sees those from the result there, which lies
  /// between 0 and t and never falls along the row, up to itself. It is asked once in a pass, before the
  /// first layer.
  virtual Ids first_seen(Forward& forward) = 0;
};

/// Names one turn in the order in which layers run.
struct Execution {
  int layer = 0;     // the layer as techniques see it, with its vectors and settings
  int matrices = 0;  // the layer whose matrices of attention and MLP are used
  // These take the place of that layer's matrices of the MLP, [F,C] and [C,F], where they are defined.
  Parameter mlp_in = {}, mlp_out = {};
};

/// Chooses the order in which the layers run, some perhaps more than once. Before training has come to where
/// acts() says yes, each layer runs once, in turn; a model has one such plugin at most. It may declare
/// matrices of the MLP for turns of its own.
struct CADDIE_API LayerOrder : Plugin {
  static constexpr Kind kKind = Kind::kLayerOrder;
  /// Returns the longest order that there will be in a model with the matrices of `layers` layers. What
  /// techniques learn for each layer or for each execution is made for it. It is asked before and after
  /// weights().
  virtual std::vector<Execution> longest(int layers) const = 0;
  /// Returns the order of a pass at `progress`, when the plugin acts.
  virtual std::vector<Execution> order(int layers, const Progress& progress) const = 0;
};

/// Runs the parts of one layer. Values [B,T,C] pass through the modifiers of the sites that they come by.
class CADDIE_API LayerPass {
 public:
  virtual ~LayerPass();
  Execution execution;  // the layer, and whose matrices it uses

  /// Returns a residual stream as the layer finds it, with what techniques add to it there.
  virtual Var enter(Var x, int lane) = 0;
  /// Returns what the layer reads of a stream.
  virtual Var mix(Var x) = 0;
  /// Returns the output of attention over norm(x). Each layer calls it once.
  virtual Var attention(Var x) = 0;
  /// Returns the positions of x, which was there before the attention, that are needed after it.
  virtual Var needed(Var x) = 0;
  /// Returns the output of the MLP on norm(x), after the attention.
  virtual Var mlp(Var x) = 0;
  /// Returns a stream as it leaves the layer.
  virtual Var leave(Var x, int lane) = 0;
};

/// Chooses what the sublayers of each layer read and where their outputs go. Without one, x = mix(enter(x)),
/// x += attention(x), x += mlp(x), leave(x); a model has one such plugin at most.
struct CADDIE_API Residual : Plugin {
  static constexpr Kind kKind = Kind::kResidual;
  /// Returns how many streams there are in a model of `layers` layers at the most.
  virtual int lanes(int /*layers*/) const { return 1; }
  /// Runs one layer on the streams and returns them as they leave it, perhaps more than there were.
  virtual std::vector<Var> layer(LayerPass& pass, std::vector<Var> streams) = 0;
  /// Returns what the last norm reads.
  virtual Var join(std::vector<Var> streams) { return streams.at(0); }
};

/// Runs the parts of the MLP of one layer. F is the hidden width, model.mlp_mult times C.
class CADDIE_API MlpPass {
 public:
  virtual ~MlpPass();
  Execution execution;  // the layer, and whose matrices it uses

  /// Returns x Wfc^T, [B,T,F], of x [B,T,C].
  virtual Var up(Var x) = 0;
  /// Returns the experiment's activation of x, of any shape.
  virtual Var activate(Var x) = 0;
  /// Returns x Wproj^T, [B,T,C], of x [B,T,F], which passes through the modifiers of its site first.
  virtual Var down(Var x) = 0;
};

/// Gives the MLP another shape than down(activate(up(x))). Matrices of its own are made for each of
/// model().matrices layers and chosen by pass.execution.matrices; a model has one such plugin at most.
struct Mlp : Plugin {
  static constexpr Kind kKind = Kind::kMlp;
  /// Takes and returns [B,T,C].
  virtual Var mlp(MlpPass& pass, Var x) = 0;
};

}  // namespace caddie
