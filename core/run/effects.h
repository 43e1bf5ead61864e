// SPDX-License-Identifier: Apache-2.0
// Proof that each technique acted: one that is switched on and changes nothing makes every comparison void.
#pragma once

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "experiment/experiment.h"
#include "results/run_folder.h"

namespace caddie {

enum class Verdict { kActed, kPartial, kAllowed, kVoid };
std::string_view name_of(Verdict verdict);  // "ok", "partial", "allowed_no_effect", "no_effect"

struct EffectFinding {
  std::string technique;  // label
  Verdict verdict = Verdict::kActed;
  std::string reason;  // empty when it acted in full
};

/// Notes which embeddings, modifiers and views are called in `mode` from now on.
class CallCounter {
 public:
  CallCounter(const Experiment& experiment, Mode mode);
  std::set<std::string> visited() const;  // labels

 private:
  Mode mode_;
  std::vector<std::pair<const Technique*, int64_t>> before_;
};

/// Watches a training from its initial weights to its end.
class TrainingWatch {
 public:
  /// Call when the weights are initialised.
  explicit TrainingWatch(const Experiment& experiment);
  /// What judge_effects() wants to know of the training, to be kept with its results.
  Json trace(const Trainer& trainer) const;

 private:
  bool leaves_weights(const Technique& view, const Trainer& trainer) const;

  const Experiment& experiment_;
  CallCounter calls_;
  std::vector<Tensor> initial_;  // of the techniques' own weights; undefined for the model's
};

/// Labels of the techniques whose sites were visited in evaluations before export and after it.
struct EvaluationVisits {
  std::set<std::string> before_export, after_export;
};

/// One finding a technique, by label. `trace` is that of the training; `probe` holds one sequence of token
/// ids; `weights` are the averaged ones. A technique has no effect when its site was not visited in training,
/// in evaluation or after export, when no gradient reached any of its weights or none of them moved, or when
/// the probe's logits are the same without it; a view when it leaves every weight as it is at the end of
/// training. An effect is partial when that holds for some of its weights. Nothing is void that the
/// experiment allows to be.
std::vector<EffectFinding> judge_effects(const Experiment& experiment, const Json& trace,
                                         const EvaluationVisits& visits, std::span<const int32_t> probe,
                                         std::span<const Tensor> weights);

/// The void techniques, those of one reason together: "a, b (why); c (why)".
std::string void_text(std::span<const EffectFinding> findings);

}  // namespace caddie
