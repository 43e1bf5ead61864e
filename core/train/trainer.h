// SPDX-License-Identifier: Apache-2.0
// Takes optimizer steps: gradient, clip, update, average. The room core/run does what lies around them: data,
// validation and checkpoints.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "comm/comm.h"
#include "model/views.h"
#include "train/gradient.h"

namespace caddie {

/// Holds the section [train] of an experiment.
struct TrainSettings {
  int64_t micro_batch_tokens = 1024;
  int gradient_accumulators = 4;
  int accumulation = 1;
  double clip_norm = 0;
  int64_t validate_every = 0;
  double checkpoint_seconds = 60;
  double stall_seconds = 60;
  int64_t discarded_warmup_steps = 0;
  std::vector<std::string> discarded_warmup_keeps;
  bool select_on_validation = false;
  void settings(Settings& s);
};

/// Holds the section [budget] of an experiment.
struct Budget {
  int64_t steps = 20000;
  double seconds = 0;
  int64_t artifact_bytes = 16'000'000;
  int64_t code_bytes = 0;
  void settings(Settings& s);
};

/// Holds the seconds that the parts of a step took.
struct StepPhases {
  double views = 0, gradient = 0, clip = 0, update = 0, average = 0;
};

/// Reports one optimizer step.
struct StepReport {
  double loss = 0;  // the mean cross entropy of the batch before the update, in nats per token
  /// Holds what each objective added to that loss, by its label.
  std::vector<std::pair<std::string, double>> terms;
  double gradient_norm = 0;  // the norm of the whole gradient, before clipping
  double lr_scale = 1;       // the factor by which the schedule multiplied the learning rates
  double seconds = 0;
  int64_t tokens = 0;  // the tokens of all ranks
  StepPhases phases;
};

/// Trains a model step by step.
class Trainer {
 public:
  /// With `comm` each rank sees its own part of every batch, and all take the same steps. Everything must
  /// outlive the trainer. Weights must be initialised already, on all ranks alike.
  Trainer(Model& model, std::vector<Routed>& optimizers, PluginRef<Schedule> schedule,
          const TrainSettings& settings, const Budget& budget, Comm* comm = nullptr);

  /// Adds an averager under a name that no other one has; it averages along and changes nothing of the
  /// training. Under a wall-clock budget its time counts all the same. It must be called before the first
  /// step.
  void add_averager(std::string name, PluginRef<Averager> averager);

  /// Lets techniques multiply the rates of the weights that they claim. It must be called before the first
  /// step.
  void multiply_rates_by(std::span<const Routed> factors) {
    rate_factors_.assign(factors.begin(), factors.end());
  }

  /// Lets a step be left between two micro-batches as soon as `asked` says so, which it must then go on
  /// saying; threads ask it at once. Steps of several ranks, who would have to agree, are always finished.
  void leave_when(std::function<bool()> asked) { leave_ = std::move(asked); }

  /// Lets every step first run its forward passes once more and look for numbers that are not finite, and
  /// then look at what optimizers and averagers make.
  void check_outputs_first() { checks_outputs_ = true; }

  /// Takes one step over all rows of the batches. Throws StepLeft when it was left. Throws Error when the
  /// loss or the gradient is not finite, which names the step, the tensor or the place in the model, and the
  /// technique.
  StepReport step(std::span<const Batch> batches);

  /// Takes a step at full rate that does not count and that averages do not see.
  void discarded_step(std::span<const Batch> batches);

  const Progress& progress() const { return progress_; }
  /// Replaces the measured training time, so that a comparison with another program can follow its clock.
  void set_seconds(double seconds) { progress_.seconds = seconds; }
  /// Returns whether the budget of steps or of seconds is used up.
  bool finished() const;
  /// Returns the average of one averager, in the weights' order, or the live weights when it has none yet.
  std::vector<Tensor> averaged_by(const std::string& averager) const;
  /// Returns the seconds that one averager has taken so far.
  double seconds_of(const std::string& averager) const { return averagers_.at(averager).seconds; }

  /// Returns whether a gradient other than zero ever reached the weight.
  bool reached(int weight) const { return reached_.data()[weight] != 0; }

  /// Returns whether the rate factor of that label has ever changed a rate.
  bool rated(const std::string& label) const { return rated_.count(label) > 0; }

  /// Shows the archive all that a resumed training needs: weights, optimizers, averagers, progress. The same
  /// calls save and load.
  void state(Archive& archive);
  /// Shows the archive what is restored after discarded steps: the weights, and the optimizers but those
  /// whose labels are in `keeps`.
  void restored_state(Archive& archive, std::span<const std::string> keeps);

 private:
  struct TimedAverager {
    PluginRef<Averager> averager;
    double seconds = 0;
  };
  StepReport advance(std::span<const Batch> batches);
  double scheduled() const;
  void weights_state(Archive& archive);
  void average_over_ranks(StepReport& report, std::span<Tensor> gradients);
  std::vector<std::pair<std::string, double>> labelled_terms();
  void check_loss(const StepReport& report, std::span<const Batch> batches);
  void check_gradients(std::span<const double> squares, std::span<const Batch> batches);
  void check_outputs(std::span<const Batch> batches);
  void check_updated(std::span<const Weight> weights) const;
  void check_average(const Averager& averager) const;
  std::string first_not_finite(std::span<const Batch> batches);
  std::string first_gradient_not_finite(std::span<const Batch> batches);
  std::string updater_of(int weight) const;
  void average(StepReport& report);
  void note_reached(std::span<const double> squares);
  void clip(std::span<Tensor> gradients, double norm) const;
  void update(std::span<Tensor> gradients);
  std::vector<double> lr_factors();
  std::vector<Weight> live_weights() const;

  Model& model_;
  std::vector<Routed>& optimizers_;
  std::vector<Routed> rate_factors_;
  std::set<std::string> rated_;
  PluginRef<Schedule> schedule_;
  Comm* comm_;  // is null when there is one rank
  std::map<std::string, TimedAverager> averagers_;
  TrainSettings settings_;
  Progress progress_;
  std::function<bool()> leave_;
  bool checks_outputs_ = false;
  ViewedWeights views_;
  GradientSum gradient_;
  Tensor reached_;  // holds a number for each weight, in a tensor so that a checkpoint can hold it
};

}  // namespace caddie
