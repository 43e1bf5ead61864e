// SPDX-License-Identifier: Apache-2.0
// Times training steps on the production path, with random tokens in place of text.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "results/run_folder.h"

namespace caddie {

struct TrainBench {
  std::filesystem::path experiment;  // whose techniques and optimizers are used; sizes are replaced
  int layers = 4, dim = 128, heads = 4, kv_heads = 2;
  double mlp_mult = 2;
  int64_t sequence_length = 256, batch_tokens = 8192, steps = 10;
  bool profile = false;
};

/// Runs one step to warm up, then `steps` timed ones. Keys of the result: tokens_per_second (median),
/// best_tokens_per_second (the fastest step), gflops
/// (useful ones, the causal half of attention counted once), phases (median milliseconds),
/// forward_tokens_per_second, profile (if wanted: milliseconds of all threads together by part of the model),
/// loss (of the last step), peak_mem_bytes, isa, threads.
Json bench_train(const TrainBench& bench);

}  // namespace caddie
