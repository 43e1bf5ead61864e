// SPDX-License-Identifier: Apache-2.0
// Each kind of stage leaves a record of its own in the store, from which the runs that share it go on.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "results/json_fields.h"
#include "results/metrics.h"
#include "results/summary.h"

namespace caddie {

/// Holds what a training saw of its plugins: the labels of those that it called, the weights that no gradient
/// reached and that did not move, the views that leave every weight as it is and the rate factors that are 1,
/// and whether an initializer made a number other than zero, a schedule ever changed the learning rates, and
/// a sampler a batch.
struct TrainingTrace {
  std::vector<std::string> visited, unreached, unmoved, idle;
  bool filled = false, scaled = false, sampled = false;

  template <class Fields>
  void fields(Fields& f) {
    f("visited", visited);
    f("unreached", unreached);
    f("unmoved", unmoved);
    f("idle", idle);
    f("filled", filled);
    f("scaled", scaled);
    f("sampled", sampled);
  }
};

/// Holds what a training leaves beside its weights. `averagers` are the seconds that each took, and
/// `validations` the steps from one to the next, both by the observer's key; `weights` is their hash.
struct TrainRecord {
  int64_t steps = 0, tokens = 0, parameters = 0, peak_memory_bytes = 0;
  double train_loss = std::numeric_limits<double>::quiet_NaN(), seconds = 0, tokens_per_second = 0;
  std::string weights;
  Labelled<double> averagers;
  Labelled<int64_t> validations;
  TrainingTrace trace;

  template <class Fields>
  void fields(Fields& f) {
    f(kSteps.name, steps);
    f(kTokens.name, tokens);
    f(kParameters.name, parameters);
    f.maybe(kTrainLoss.name, train_loss);
    f("seconds", seconds);
    f(kTokensPerSecond.name, tokens_per_second);
    f("weights", weights);
    f("averagers", averagers);
    f("validations", validations);
    f("trace", trace);
    f(kPeakMemoryBytes.name, peak_memory_bytes);
  }

  /// Returns the seconds of an averager; 0 where it took no part.
  double seconds_of(const std::string& averager) const {
    for (const auto& [key, own] : averagers)
      if (key == averager) return own;
    return 0;
  }
};

/// Names the training that an average came from, and the hash of its weights.
struct AverageRecord {
  std::string training, weights;

  template <class Fields>
  void fields(Fields& f) {
    f("training", training);
    f("weights", weights);
  }
};

/// Names the step at which trainings part, and the training that left its state there.
struct PrefixRecord {
  int64_t step = 0;
  std::string training;

  template <class Fields>
  void fields(Fields& f) {
    f("step", step);
    f("training", training);
  }
};

/// Names a technique that had nothing to do in a stage; `kind` is the number of its kind, and `wholly` says
/// that it could have done nothing.
struct IdleTechnique {
  int kind = 0;
  std::string technique, reason;
  bool wholly = false;

  template <class Fields>
  void fields(Fields& f) {
    f("kind", kind);
    f("technique", technique);
    f("wholly", wholly);
    f("reason", reason);
  }
};

/// Holds what quantizing, or compressing, leaves beside its file.
struct ExportRecord {
  double seconds = 0;
  std::vector<IdleTechnique> idle;

  template <class Fields>
  void fields(Fields& f) {
    f("seconds", seconds);
    f("idle", idle);
  }
};

/// Holds a score, the labels of the techniques that were called for it, of an evaluator that learns whether
/// it changed a weight, and the labels of the blends that changed the loss of a position.
struct EvaluateRecord {
  std::vector<std::string> visited;
  ScoreRecord score;
  std::optional<bool> learned;
  std::vector<std::string> blended;

  template <class Fields>
  void fields(Fields& f) {
    f("visited", visited);
    f("score", score);
    f.maybe("learned", learned);
    f.maybe("blended", blended);
  }
};

}  // namespace caddie
