// SPDX-License-Identifier: Apache-2.0
// Proof that each technique acted: one that is switched on and changes nothing makes every comparison void.
#pragma once

#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace caddie {

enum class Verdict { kActed, kPartial, kAllowed, kVoid };
std::string_view name_of(Verdict verdict);  // "ok", "partial", "allowed_no_effect", "no_effect"

struct EffectFinding {
  std::string technique;  // label
  Verdict verdict = Verdict::kActed;
  std::string reason;  // empty when it acted in full
};

/// Watches the embeddings, modifiers and views of an experiment from before its training to after its export.
class EffectWatch {
 public:
  /// Call when the weights are initialised.
  explicit EffectWatch(const Experiment& experiment);
  /// Call before the reloaded artifact is evaluated.
  void exported();
  /// One finding a technique, by label. `probe` holds one sequence of token ids; `weights` are the averaged
  /// ones. A technique has no effect when its site was not visited in training, in evaluation or
  /// after export, when no gradient reached any of its weights or none of them moved, or when the probe's
  /// logits are the same without it. Its effect is partial when that holds for some of its weights. Nothing
  /// is void that the experiment allows to be.
  std::vector<EffectFinding> findings(const Trainer& trainer, std::span<const int32_t> probe,
                                      std::span<const Tensor> weights) const;

 private:
  EffectFinding check(const Technique& technique, const Trainer& trainer, std::span<const int32_t> probe,
                      std::span<const Tensor> weights) const;
  std::string check_calls(const Technique& technique) const;
  void check_weights(const Technique& technique, const Trainer& trainer, EffectFinding& finding) const;
  bool probe_differs(const Technique& technique, std::span<const int32_t> probe,
                     std::span<const Tensor> weights) const;
  bool view_acts(const Technique& view, const Trainer& trainer) const;

  const Experiment& experiment_;
  std::vector<Tensor> initial_;  // of the techniques' own weights; undefined for the model's
  std::vector<std::pair<const Technique*, int64_t>> calls_before_export_;
};

}  // namespace caddie
