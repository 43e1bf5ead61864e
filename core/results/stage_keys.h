// SPDX-License-Identifier: Apache-2.0
// The keys name the stages of a run in a store: train -> average -> quantize -> compress -> evaluate. A key
// is a hash of the settings, plugin files, data and earlier outputs that can influence the stage, so that
// runs that agree up to a stage find each other's output. Whatever an experiment holds counts for the first
// stage, unless its declaration or the slot of its plugin says that it counts later. Making initial weights
// is part of training.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/tree.h"
#include "experiment/experiment.h"
#include "plugin/registry.h"

namespace caddie {

/// The signature tells the steps of a training apart: two trainings with equal `base` do the same in their
/// first k steps when the first k elements of `steps` are equal. `steps` is empty under a wall-clock budget,
/// where no two trainings agree.
struct ScheduleSignature {
  struct Step {
    double lr_scale;  // the factor of the learning rates
    uint64_t acting;  // the hash of the views that act, 0 when none does
    bool operator==(const Step&) const = default;
  };
  std::string base;  // the hash of all but schedule, views and seed
  std::vector<Step> steps;
};

/// Returns how many first steps two signatures have in common; 0 when their bases differ.
int64_t common_steps(const ScheduleSignature& a, const ScheduleSignature& b);

/// Computes the keys of the stages of one experiment.
class StageKeys {
 public:
  /// `tree`, `experiment` and `registry` must outlive the keys. `initial_weights` is a file to start from,
  /// empty for none. `ranks` is how many train together: it counts because their sums have another order.
  StageKeys(const Tree& tree, const Experiment& experiment, const Registry& registry,
            const std::filesystem::path& initial_weights = {}, int ranks = 1);

  /// Names the training without its seed; training() names it with its seed.
  std::string training_group() const;
  std::string training() const { return seeded(training_group(), experiment_.seed); }
  /// Returns the key of one seed from the key of a group, which names all seeds.
  static std::string seeded(std::string_view group, int64_t seed);

  /// Returns what tells which first steps this training shares with another.
  ScheduleSignature schedule_signature() const;
  /// Names the first steps of a training without its seed.
  static std::string prefix_group(const ScheduleSignature& signature, int64_t steps);

  /// Returns a hash of an averager or an evaluator with its settings, whatever its label. Throws Error when
  /// it is no part of the experiment.
  std::string observer(const Technique& technique) const;

  /// Names the average that the averager with the hash `observer` takes of a training.
  static std::string average(const std::string& training, const std::string& observer);
  /// `weights` names the stage that they come from and a hash of their values.
  std::string quantize(const std::string& weights) const;
  std::string compress(const std::string& quantized) const;
  /// `training` is the stage that made the model; `weights` is what tells its weights apart.
  std::string evaluate(const std::string& training, const std::string& weights,
                       const Technique& evaluator) const;

 private:
  struct OwnedValue : Tree::Value {
    const Experiment::Part* owner;  // the part whose table holds it; null for the core's own settings
  };
  /// Returns the name of a part's plugin and the hash of the plugin's file.
  std::string plugin_text(const Experiment::Part& part) const;
  /// Returns a part without its label: its plugin, and its settings that count in the stage of its slot.
  std::string part_text(const Experiment::Part& part) const;
  /// Returns the text of the blends that change the scores of an evaluator; "" for anything else.
  std::string blends_text(const Technique& evaluator) const;
  /// Returns what techniques that do not act from the first step on make of the weights from there on.
  std::string layout_text() const;
  /// Returns the core's settings that first count in a stage.
  std::string core_text(Stage stage) const;
  /// Returns all of a stage: its settings and its parts.
  std::string stage_text(Stage stage) const;
  /// Returns the parts of training that tell two trainings apart in the given way.
  std::string text_of(Slot::Divergence divergence) const;
  /// Returns all that acts on every step of a training in the same way.
  std::string steady_text() const;

  const Experiment& experiment_;
  const Registry& registry_;
  std::string initial_weights_;  // the hash of the file, empty without one
  int ranks_;
  std::vector<OwnedValue> values_;
};

}  // namespace caddie
