// SPDX-License-Identifier: Apache-2.0
#include "run/memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/exit_code.h"

namespace caddie {

int64_t least_memory(const Experiment& experiment, int threads) {
  const TrainSettings& train = experiment.train;
  double weights = double(experiment.model->weights().parameters());
  double copies = 2 + train.gradient_accumulators + double(experiment.extra_averagers.size()) +
                  (experiment.averager ? 1 : 0);
  double rows = double(std::max(train.micro_batch_tokens, experiment.data.sequence_length));
  double at_once = std::min(threads, train.gradient_accumulators);
  double numbers = weights * copies + at_once * rows * double(experiment.model->shape().vocabulary);
  return int64_t(std::min(numbers * double(sizeof(float)), 9e18));
}

void check_memory(const Experiment& experiment, int threads, const Memory& here) {
  int64_t least = least_memory(experiment, threads);
  auto gibibytes = [](int64_t bytes) { return fmt::format("{:.1f}", double(bytes) / double(1 << 30)); };
  if (least > here.available)
    fail_usage(
        "memory: this training takes {} GiB at the least, and {} GiB of {} are free here; a smaller model, "
        "fewer "
        "train.gradient_accumulators or a smaller train.micro_batch_tokens need less",
        gibibytes(least), gibibytes(here.available), gibibytes(here.total));
}

}  // namespace caddie
