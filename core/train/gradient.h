// SPDX-License-Identifier: Apache-2.0
// Computes the gradient of one optimizer step: micro-batches run side by side on threads, and are summed in a
// fixed order.
#pragma once

#include <caddie/weight_loops.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"
#include "data/loader.h"
#include "model/model.h"

namespace caddie {

/// Is thrown by a step that is left: the training is where it was before the step.
struct StepLeft {};

/// Sums the gradients of micro-batches. Micro-batch m goes to accumulator m % accumulators. One thread works
/// through an accumulator, in order, and accumulators are added in order: the bits depend on their number and
/// never on the number of threads.
class GradientSum {
 public:
  /// Each accumulator holds one gradient of the whole model. `rank` is that of the caller among those that
  /// train together, whose micro-batches are different ones. Passes run in `mode`.
  GradientSum(Model& model, int accumulators, int64_t micro_batch_tokens, int rank = 0,
              Mode mode = Mode::kTrain);

  /// Runs forward and backward over all rows of the batches, with `values` for weights. Returns the mean loss
  /// over all positions, in nats per token. Asks `leave`, if there is one, before each micro-batch, and
  /// throws StepLeft as soon as it says yes, which it must then go on saying; threads ask it at once.
  double run(std::span<const Batch> batches, std::span<const Tensor> values, const Progress& progress,
             const std::function<bool()>& leave = {});

  /// Says where numbers first stop being finite for these batches: in a weight, or in the output of a
  /// technique or part of the model; "" where all are finite. Runs forward passes until it finds the place.
  std::string first_not_finite(std::span<const Batch> batches, std::span<const Tensor> values,
                               const Progress& progress);

  /// Says who passed the first gradient back that is not finite for these batches; "" where all are finite
  /// for each micro-batch. Runs micro-batches until it finds one, and leaves no gradients that could be used.
  std::string first_gradient_not_finite(std::span<const Batch> batches, std::span<const Tensor> values,
                                        const Progress& progress);

  /// Returns the mean of each objective's term over all positions of the last run(), in nats per token.
  std::span<double> terms() { return terms_; }
  /// Returns for each weight the gradient of the mean loss, with the terms, of the last run(); undefined
  /// where nothing flowed back.
  std::span<Tensor> gradients() { return gradients_; }

 private:
  struct Accumulator {
    Tensor block;
    std::vector<Leaf> leaves;
  };
  struct MicroBatch {
    const int32_t *inputs, *targets;
    int64_t rows, length;
    const int32_t* documents;  // is null where the batch says nothing of them
  };
  std::vector<MicroBatch> micro_batches(std::span<const Batch> batches) const;
  static Ids documents_of(Tape& tape, const MicroBatch& micro);
  void read(std::span<const Tensor> values);
  LossSums run_micro_batch(const MicroBatch& micro, Accumulator& accumulator, int64_t total,
                           const TrainingPass& pass);
  double mean_of(std::span<const LossSums> sums, int64_t total);
  void add_accumulators();

  Model& model_;
  int64_t micro_batch_tokens_;
  int rank_;
  Mode mode_;
  std::vector<std::unique_ptr<PackedLeaf>> packed_;  // has an element for each weight
  std::vector<Accumulator> accumulators_;
  std::vector<Chunk> chunks_;  // pieces of the weights, each of which is added up as one piece of work
  std::vector<Tensor> gradients_;
  std::vector<double> terms_;
};

}  // namespace caddie
