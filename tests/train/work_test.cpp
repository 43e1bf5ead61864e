// SPDX-License-Identifier: Apache-2.0
// Guards the speed of a step by counts that are the same on every machine: multiply-adds, floats packed,
// bytes of values. A bound that a change has to raise is a step that became slower.
#include <caddie/parallel.h>
#include <caddie/random.h>

#include <catch2/catch.hpp>

#include "autograd/thread_tape.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"
#include "support/paths.h"
#include "support/plugins.h"
#include "train/gradient.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int64_t kLength = 256, kMicroTokens = 1024, kTokens = 4 * kMicroTokens;

/// The baseline with 4 layers of width 128: its matrices hold 4 * 7 * 128^2 weights, its token table 8 *
/// 128^2.
constexpr int64_t kSquare = 128 * 128, kMatrices = 28 * kSquare, kTable = 8 * kSquare;

Experiment small_baseline() {
  std::vector<std::string> sizes = {"model.layers=4",
                                    "model.dim=128",
                                    "model.heads=4",
                                    "model.kv_heads=2",
                                    "data.sequence_length=256",
                                    "data.batch_tokens=4096",
                                    "train.accumulation=1",
                                    "train.gradient_accumulators=1"};
  Experiment experiment =
      load_experiment(source_folder() / "experiments/baseline.toml", sizes, registry(), Device::kCpu);
  experiment.model->initialize(experiment.only<Initializer>(), 1);
  return experiment;
}

std::vector<int32_t> tokens() {
  Rng rng(1, "tokens");
  std::vector<int32_t> ids;
  for (int64_t i = 0; i < kTokens; ++i) ids.push_back(int32_t(rng.below(1024)));
  return ids;
}

template <class Body>
ProductWork work_of(Body body) {
  ProductWork before = product_work();
  body();
  return {product_work().multiply_adds - before.multiply_adds,
          product_work().packed_floats - before.packed_floats};
}

}  // namespace

TEST_CASE("a training step multiplies nothing twice and packs weights once", "[work]") {
  Experiment experiment = small_baseline();
  GradientSum sum(*experiment.model, 1, kMicroTokens);
  std::vector<Batch> batches = {{tokens(), tokens(), kTokens / kLength, kLength}};
  ProductWork work = work_of([&] { sum.run(batches, experiment.model->weights().values(), Progress()); });
  CHECK(work.multiply_adds == kTokens * 3 * (kMatrices + kTable));
  // Both orientations of each weight, and the inputs of each matrix once for its gradient: six of width 128
  // and one of width 256 a layer, and that of the head.
  CHECK(work.packed_floats == 2 * (kMatrices + kTable) + kTokens * (4 * (5 * 128 + 256) + 128));

  Tape& tape = thread_tape(Device::kCpu);
  INFO("bytes of values and closures a token: " << tape.reserved_bytes() / kMicroTokens);
  CHECK(tape.used_bytes() <= kMicroTokens * 66'000);
}

TEST_CASE("scoring computes what is scored", "[work]") {
  Experiment experiment = small_baseline();
  std::vector<int32_t> stream = tokens();
  stream.push_back(0);
  Vocabulary bytes(
      ByteTables{std::vector<int16_t>(1024, 1), std::vector<uint8_t>(1024), std::vector<uint8_t>(1024)});
  std::vector<Window> whole, sliding;
  for (int64_t start = 0; start + kLength <= kTokens; start += kLength) whole.push_back({start, kLength, 0});
  for (int64_t start = 0; start < 16 * 64; start += 64) sliding.push_back({start, kLength, kLength - 64});
  auto work = [&](const std::vector<Window>& windows) {
    ModelScorer scorer(*experiment.model, experiment.model->weights().values(), stream, bytes, kMicroTokens);
    return work_of([&] { scorer.score(windows, 1); }).multiply_adds;
  };
  CHECK(work(whole) == kTokens * (kMatrices + kTable));
  // A layer has 7 squares of weights; of the last one, q, k and v (2 squares) see all positions, and the rest
  // and the head (13 squares) 64 of 256. One more window is computed in both ways, to see that they agree. Of
  // the first layer, q, k and v are computed once for the stretch that all windows cover, and for the first
  // 16 positions of each; and once more, and for one whole window, to see whether they agree.
  int64_t stretch = 256 + 15 * 64;
  int64_t trimmed = 16 * (256 * (19 + 2) + 64 * 13) * kSquare;
  int64_t shared = (stretch + 16 * 16) * 2 * kSquare;
  int64_t trim_trial = (256 * (21 + 2) + 64 * 13 + 256 * 28 + 64 * 8) * kSquare;
  int64_t share_trial = (stretch + 16 + 256) * 2 * kSquare;
  CHECK(work(sliding) == trimmed + shared + trim_trial + share_trial);
}
