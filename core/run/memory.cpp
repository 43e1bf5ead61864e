// SPDX-License-Identifier: Apache-2.0
// Memory is counted in copies of the weights and in values of one micro-batch; nothing is run for that.
#include "run/memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/exit_code.h"
#include "base/text.h"

namespace caddie {
namespace {

/// Counts what a training keeps, in numbers of four bytes.
struct Numbers {
  explicit Numbers(const Experiment& e)
      : weights(double(e.model->weights().parameters())),
        averagers(double(e.extra_averagers.size() + (e.averager ? 1 : 0))),
        accumulators(double(e.train.gradient_accumulators)) {
    auto rows = double(std::max(e.train.micro_batch_tokens, e.data.sequence_length));
    const ModelShape& shape = e.model->shape();
    logits = rows * double(shape.vocabulary);
    hidden = rows * double(shape.width) * double(shape.executions);
    const Technique* mlp = e.model->parts().any(Kind::kMlp);
    for (const WeightInfo& info : e.model->weights().infos())
      if (info.place == Place::kMlpIn && mlp && info.owner == mlp->label)
        gates += rows * double(info.shape[0]) * double(shape.executions) / double(shape.matrices);
  }

  double weights;       // one copy of every weight
  double averagers;     // how many averages of the weights are taken
  double accumulators;  // how many gradients of the weights are summed side by side
  double logits;        // the logits of one micro-batch
  double hidden;        // the hidden state that each layer hands to the next one, of one micro-batch
  double gates = 0;     // what techniques project up beside the MLP's own hidden values, of one micro-batch
};

int64_t bytes(double numbers) { return int64_t(std::min(numbers * double(sizeof(float)), 9e18)); }

}  // namespace

int64_t least_memory(const Experiment& experiment, int threads) {
  constexpr double kState = 1;  // the copies of the weights that an optimizer keeps
  Numbers n(experiment);
  double at_once = std::min(double(threads), n.accumulators);
  return bytes(n.weights * (1 + kState + n.accumulators + n.averagers) + n.logits * at_once);
}

int64_t usual_memory(const Experiment& experiment) {
  constexpr double kState = 2;    // Optimizers of Adam's family keep two copies of the weights.
  constexpr double kExport = 3;   // Export holds the weights, their quantized values and what is read back.
  constexpr double kAverage = 2;  // An averager holds its average, which is copied when it is stored.
  // These say how often the backward pass keeps hidden states and logits, roughly, as activations between
  // them are wider or narrower.
  constexpr double kHidden = 24, kLogits = 4;
  constexpr double kGates = 2;  // A gate is kept as it is projected, and as it multiplies.
  constexpr double kProgram = double(64 << 20) / sizeof(float);  // the program, its libraries and its buffers
  Numbers n(experiment);
  double copies = 1 + kState + kExport + kAverage * n.averagers + n.accumulators;
  return bytes(n.weights * copies +
               n.accumulators * (kHidden * n.hidden + kGates * n.gates + kLogits * n.logits) + kProgram);
}

void check_memory(const Experiment& experiment, int threads, const Memory& here) {
  int64_t least = least_memory(experiment, threads);
  auto gibibytes = [](int64_t bytes) { return fmt::format("{:.1f}", double(bytes) / kGibibyte); };
  if (least > here.available)
    fail_usage(
        "memory: this training takes {} GiB at the least, and {} GiB of {} are free here; a smaller model, "
        "fewer train.gradient_accumulators or a smaller train.micro_batch_tokens need less",
        gibibytes(least), gibibytes(here.available), gibibytes(here.total));
}

}  // namespace caddie
