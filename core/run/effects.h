// SPDX-License-Identifier: Apache-2.0
// Each technique must prove that it acted in a run, because a technique that is switched on and changes
// nothing makes every comparison worthless.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "experiment/experiment.h"
#include "results/run_folder.h"
#include "results/stage_records.h"
#include "results/summary.h"

namespace caddie {

/// Says how far a technique acted, from best to worst. kAllowed and kVoid both say that it had no effect; the
/// experiment allows the first.
enum class Verdict { kActed, kPartial, kAllowed, kVoid };
/// Returns "ok", "partial", "allowed_no_effect" or "no_effect".
std::string_view name_of(Verdict verdict);

/// Holds the verdict on one technique.
struct EffectFinding {
  std::string technique;  // its label, or the path of the slot for plugins outside [techniques]
  Verdict verdict = Verdict::kActed;
  std::string reason;  // why it did not act in full; empty when it did
};

/// Returns what findings call a part: its label where a label alone is unambiguous, and else its path.
std::string called(const Experiment::Part& part);

/// Notes which of the plugins that act inside the model are called in `mode` while the object lives.
class CallCounter {
 public:
  CallCounter(const Experiment& experiment, Mode mode);
  /// Returns the labels of the plugins that were called.
  std::set<std::string> visited() const;

 private:
  Mode mode_;
  std::vector<std::pair<const Technique*, int64_t>> before_;
};

/// Watches a training from its initial weights to its end.
class TrainingWatch {
 public:
  /// Call when the weights are initialised.
  explicit TrainingWatch(const Experiment& experiment);
  /// Call after each step with what the learning rates were multiplied by.
  void see_scale(double scale) { scaled_ = scaled_ || scale != 1; }
  /// Call after each step with whether all batches so far were those of plain reading.
  void see_batches(bool plain) { sampled_ = !plain; }
  /// Reads or writes what a checkpoint must carry of the watch.
  void state(Archive& archive);
  /// Returns what judge_effects() wants to know of the training, to be kept with its results.
  TrainingTrace trace(const Trainer& trainer) const;

 private:
  /// Tells whether a view shows every weight as it is at the end of training.
  bool leaves_weights(const Experiment::Part& view, const Trainer& trainer) const;

  const Experiment& experiment_;
  CallCounter calls_;
  std::vector<std::string> initial_;  // the hash of each weight when the training began
  bool filled_ = false;               // whether the initializer made a number other than zero
  bool scaled_ = false, sampled_ = false;
};

/// The evidence is what a run has seen of its plugins by its end.
struct Evidence {
  TrainingTrace trace;                                // what TrainingWatch::trace() returned of the training
  std::set<std::string> before_export, after_export;  // the labels of what evaluations called
  std::set<std::string> blended;                      // the labels of the blends that changed a score
  std::span<const int32_t> probe;                     // one sequence of token ids
  std::span<const Tensor> weights;                    // the averaged weights
  /// These are what the stages that averaged, exported and compressed found, each by the path of the plugin's
  /// table.
  std::vector<EffectFinding> noted;
  /// Notes that a technique of the experiment had no effect.
  void note_void(const Experiment& experiment, const Technique& technique, const char* reason);
};

/// Returns a finding for each part of the experiment that is not neutral, in their order; each is asked as
/// the effect check of its slot says. A technique of the model has no effect when its site was not visited in
/// training, in evaluation or after export, when no gradient reached any of its weights or none of them
/// moved, or when the logits of the probe are the same without it. One that acts in training only is asked in
/// a training pass over the probe, of which the gradients must be others without it. An effect is partial
/// when only some of its weights got no gradient or did not move. Where the experiment sets allow_no_effect,
/// kAllowed replaces kVoid.
std::vector<EffectFinding> judge_effects(const Experiment& experiment, const Evidence& evidence);

/// Tells whether an evaluator asks for the same windows as a plain evaluation: full ones side by side.
bool evaluates_plainly(Evaluator& evaluator, int64_t sequence_length);

/// Returns the techniques without effect, grouped by reason: "a, b (why); c (why)".
std::string void_text(std::span<const EffectFinding> findings);

/// Sets what the summary says of techniques that did not act: the reason of each, by its name, and the worst
/// verdict.
void add_findings(RunSummary& summary, std::span<const EffectFinding> findings);

}  // namespace caddie
