// SPDX-License-Identifier: Apache-2.0
// Declares the slot of the terms that training adds to its loss.
#pragma once

#include <caddie/slots.h>

namespace caddie {

/// Tells an Objective what was predicted at n positions of one sequence, in training.
class CADDIE_API Prediction {
 public:
  virtual ~Prediction();
  Var hidden;                   // [1,n,C], what the head read
  Var logits;                   // [1,n,V], behind all modifiers
  Var loss;                     // [1,n], the cross entropy of the targets, in nats
  Ids targets;                  // [1,n]
  int64_t sequence_length = 0;  // the number of positions of the whole sequence

  /// Returns the tokens `steps` positions after the targets, [1,n]; -1 behind the end of the sequence.
  virtual Ids targets_after(int64_t steps) = 0;
  /// Passes logits [1,n,V] of the technique's own through the modifiers of the site `logits`.
  virtual Var modified(Var logits) = 0;
};

/// Adds a term to the loss while the model trains. The reported loss stays the cross entropy alone, and no
/// evaluation sees the term. Like a head it sees some positions of one sequence at a time.
struct CADDIE_API Objective : Plugin {
  static constexpr Kind kKind = Kind::kObjective;
  /// Returns a number in nats for each position, [1,n], whose mean over all positions of the batch is added
  /// to the loss; undefined where it adds nothing.
  virtual Var term(Forward& forward, Prediction& prediction) = 0;
};

}  // namespace caddie
