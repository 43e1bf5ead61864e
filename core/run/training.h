// SPDX-License-Identifier: Apache-2.0
// The training stage makes trained weights from initial ones, and runs the averagers and validations that
// watch it meanwhile.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/console.h"
#include "results/stage_keys.h"
#include "results/stage_records.h"
#include "results/store.h"
#include "run/corpus.h"
#include "run/observers.h"
#include "run/team.h"

namespace caddie {

/// Says how a training begins, and who shares it.
struct TrainingOptions {
  // This safetensors file holds the weights to start from, under the model's names for them. Where it is
  // empty, the initializer makes the weights.
  std::filesystem::path initial_weights;
  bool allow_unused_weights = false;  // Tensors of initial_weights that the model lacks are no error.
  bool check_finite = false;          // Each step looks at all outputs of its forward passes first.
  std::vector<std::filesystem::path> attached;  // the experiments whose observers are attached
  std::vector<int64_t> forks;                   // the steps after which other trainings go their own way
  Comm* comm = nullptr;                         // the ranks that train together; null for one rank
  int ranks() const { return comm ? comm->size() : 1; }
};

/// Trains the model of an experiment, or finds the training in the store.
class TrainingStage {
 public:
  /// All arguments must outlive the stage.
  TrainingStage(Experiment& experiment, const Corpus& corpus, const StageKeys& keys, Store& store,
                const TrainingOptions& options, Team& team, StatusLine& status);

  /// Returns the record of the training, made now or found in the store. A training goes on from the furthest
  /// point that the store holds of it: its own checkpoint, or the prefix of another one. Throws Error naming
  /// the shard, and leaves nothing to go on from, when the text was changed since it was hashed for the key.
  TrainRecord run();

  /// Runs on the other ranks: takes the same steps, without a record. `folder` is that of the training.
  void run_along(const std::filesystem::path& folder) { train(folder); }

  /// Writes the metrics.csv of a finished training as this experiment's: its own validations are called
  /// val_bpb, and those of others are left out.
  void write_metrics(const std::filesystem::path& file) const;

 private:
  struct State;
  /// Says from which step a training goes on.
  struct Beginning {
    int64_t step = 0;
    std::filesystem::path folder;  // the folder of checkpoint and curves; empty for a start from nothing
  };
  TrainRecord train(const std::filesystem::path& folder);
  void initialize();
  Beginning find_beginning(const std::filesystem::path& folder, const Observers& observers) const;
  void begin_curves(State& state, const Beginning& beginning);
  void take_steps(State& state);
  StepReport step_or_stop(State& state);
  void discarded_warmup(State& state);
  void validate(State& state);
  void save(State& state, const std::filesystem::path& folder) const;
  void fork(State& state) const;
  void show(const State& state, const StepReport& report);
  TrainRecord finish(State& state);

  Experiment& e_;
  const Corpus& corpus_;
  const StageKeys& keys_;
  Store& store_;
  const TrainingOptions& options_;
  Team& team_;
  StatusLine& status_;
  const std::string key_;
};

}  // namespace caddie
