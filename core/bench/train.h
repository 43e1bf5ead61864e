// SPDX-License-Identifier: Apache-2.0
// This benchmark times training steps on the production path, with random tokens in place of text.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "results/run_folder.h"

namespace caddie {

/// Says what is trained, and for how many steps.
struct TrainBench {
  // The experiment says which techniques and optimizers are used; its sizes are replaced by those below.
  std::filesystem::path experiment;
  int layers = 4, dim = 128, heads = 4, kv_heads = 2;
  double mlp_mult = 2;
  int64_t sequence_length = 256, batch_tokens = 8192, steps = 10;
  bool profile = false;
};

/// Runs one step to warm up, then `steps` timed ones. The keys of the result are tokens_per_second (median),
/// best_tokens_per_second (the fastest step), gflops (of the model's products, the causal half of attention
/// counted once, and none of the optimizers'), step_ms (median), phases (median milliseconds),
/// forward_tokens_per_second, parameters, loss (of the last step), peak_mem_bytes, isa, threads, and profile
/// if it is wanted (milliseconds of all threads together in a step, by part of the model).
Json bench_train(const TrainBench& bench);

}  // namespace caddie
