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

int64_t usual_memory(const Experiment& e) {
  int64_t parameters = e.model->weights().parameters();
  int64_t copies = 8 + e.train.gradient_accumulators + 2 * int64_t(e.extra_averagers.size());
  int64_t rows = std::max(e.train.micro_batch_tokens, e.data.sequence_length);
  int64_t width = e.model->shape().width, layers = e.model->shape().layers;
  int64_t kept = rows * (24 * width * layers + 4 * int64_t(e.model_settings.vocabulary));
  return 4 * (copies * parameters + e.train.gradient_accumulators * kept) + (int64_t(64) << 20);
}

void check_memory(const Experiment& experiment, int threads, const Memory& here) {
  int64_t least = least_memory(experiment, threads);
  auto gibibytes = [](int64_t bytes) { return fmt::format("{:.1f}", double(bytes) / double(1 << 30)); };
  if (least > here.available)
    fail_usage(
        "memory: this training takes {} GiB at the least, and {} GiB of {} are free here; a smaller model, "
        "fewer train.gradient_accumulators or a smaller train.micro_batch_tokens need less",
        gibibytes(least), gibibytes(here.available), gibibytes(here.total));
}

}  // namespace caddie
