// SPDX-License-Identifier: Apache-2.0
// Observers watch a training without changing it: averagers and validations, its own and those of other
// experiments that share it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "results/run_folder.h"
#include "results/stage_keys.h"
#include "results/stage_records.h"

namespace caddie {

/// Holds the averagers and validations that watch one training.
struct Observers {
  struct Validation {
    const RoutedEvaluator* evaluator;
    int64_t every;  // the steps from one validation to the next
  };
  // Both maps are keyed by a hash of the plugin and its settings, so that equal observers run once.
  std::map<std::string, PluginRef<Averager>> averagers;
  std::map<std::string, Validation> validations;

  /// Adds the observers of an experiment, which must outlive them. Validations of other text than `data` are
  /// left out.
  void add(const Experiment& experiment, const StageKeys& keys, const DataSettings& data);
  /// Tells whether all of these took part in the training whose record this is.
  bool took_part(const TrainRecord& record) const;
};

/// Attaches the observers of other experiments that share a training, and holds the plugins that these
/// consist of.
class AttachedExperiments {
 public:
  /// Adds the experiments' observers to `observers`. `data` is that of the training to which they are
  /// attached.
  AttachedExperiments(const std::vector<std::filesystem::path>& files, const DataSettings& data,
                      Observers& observers);

 private:
  struct Attached {
    Tree tree;
    Registry registry;
    Experiment experiment;
  };
  std::vector<std::unique_ptr<Attached>> attached_;
};

/// Returns the key under which a training reports the validations of an experiment, or "" when there are
/// none.
std::string validation_key(const Experiment& experiment, const StageKeys& keys);

}  // namespace caddie
