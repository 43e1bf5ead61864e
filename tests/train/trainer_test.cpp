// SPDX-License-Identifier: Apache-2.0
// Steps of a training: what each reports, what ends it, and that a checkpoint continues it to the same bits.
#include <caddie/error.h>
#include <caddie/random.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "support/small_model.h"
#include "support/temporary_folder.h"
#include "tensor/same_bits.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// A small model in training, with an averager added to it.
struct Training {
  Experiment experiment;
  std::unique_ptr<Averager> ema = make_plugin<Averager>("ema", {{"decay", 0.5}});
  Trainer trainer;

  explicit Training(const std::vector<std::string>& changes = {})
      : experiment(small_experiment(changes)),
        trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                experiment.budget) {
    experiment.model->initialize(experiment.only<Initializer>(), 1);
    trainer.add_averager("ema", *ema);
  }
  /// One step over the batch of that number.
  StepReport step(int number) {
    Batch batch{{}, {}, 2, 12};
    Rng rng(uint64_t(number), "batch");
    for (int i = 0; i < 24; ++i) batch.inputs.push_back(int32_t(rng.below(31)));
    for (int i = 0; i < 24; ++i) batch.targets.push_back((batch.inputs[size_t(i)] + 1) % 31);
    return trainer.step({&batch, 1});
  }
  std::vector<Tensor> weights() const {
    std::vector<Tensor> copies;
    for (const Tensor& value : experiment.model->weights().values()) copies.push_back(clone(value));
    return copies;
  }
};

}  // namespace

TEST_CASE("a training learns what its batches have in common", "[train]") {
  Training training({"budget.steps=60"});
  StepReport first = training.step(0);
  CHECK(first.tokens == 24);
  CHECK(first.lr_scale == 1);
  CHECK(first.gradient_norm > 0);
  CHECK(first.loss == Approx(std::log(31.0)).epsilon(0.05));
  double last = 0;
  for (int i = 1; i < 60; ++i) {
    CHECK_FALSE(training.trainer.finished());
    last = training.step(i).loss;
  }
  CHECK(training.trainer.finished());
  CHECK(training.trainer.progress().step == 60);
  CHECK(last < first.loss / 2);
}

TEST_CASE("a checkpoint continues a training to the same bits, averages too", "[train]") {
  TemporaryFolder folder;
  Training whole, first, second;
  for (int i = 0; i < 6; ++i) whole.step(i);
  for (int i = 0; i < 3; ++i) first.step(i);
  save_checkpoint(folder / "checkpoint", [&](Archive& archive) { first.trainer.state(archive); });
  load_checkpoint(folder / "checkpoint", Device::kCpu,
                  [&](Archive& archive) { second.trainer.state(archive); });
  CHECK(second.trainer.progress().step == 3);
  for (int i = 3; i < 6; ++i) second.step(i);
  CHECK(same_bits(whole.weights(), second.weights()));
  CHECK(same_bits(whole.trainer.averaged_by("ema"), second.trainer.averaged_by("ema")));
  CHECK_FALSE(same_bits(first.weights(), second.weights()));
}

TEST_CASE("a step that is left between micro-batches leaves the training as it was", "[train]") {
  Training whole({"train.micro_batch_tokens=12"}), left({"train.micro_batch_tokens=12"});
  for (int i = 0; i < 4; ++i) whole.step(i);
  for (int i = 0; i < 2; ++i) left.step(i);
  std::vector<Tensor> before = left.weights();
  for (int asks : {0, 1}) {  // before the first of two micro-batches, and between them
    std::atomic<int> asked = 0;
    left.trainer.leave_when([&] { return asked++ >= asks; });
    CHECK_THROWS_AS(left.step(2), StepLeft);
    CHECK(left.trainer.progress().step == 2);
    CHECK(same_bits(left.weights(), before));
  }
  left.trainer.leave_when([] { return false; });
  for (int i = 2; i < 4; ++i) left.step(i);
  CHECK(same_bits(left.weights(), whole.weights()));
  CHECK(same_bits(left.trainer.averaged_by("ema"), whole.trainer.averaged_by("ema")));
}

TEST_CASE("a checkpoint of another model is refused by name", "[train]") {
  TemporaryFolder folder;
  Training training, wider({"model.dim=32"});
  save_checkpoint(folder / "checkpoint", [&](Archive& archive) { training.trainer.state(archive); });
  CHECK_THROWS_WITH(load_checkpoint(folder / "checkpoint", Device::kCpu,
                                    [&](Archive& archive) { wider.trainer.state(archive); }),
                    Catch::Contains("checkpoint") && Catch::Contains("weights."));
}

TEST_CASE("a further average does not change the training", "[train]") {
  Training with, slow;
  std::unique_ptr<Averager> another = make_plugin<Averager>("ema", {{"decay", 0.9}});
  slow.trainer.add_averager("slow", *another);
  for (int i = 0; i < 3; ++i) {
    with.step(i);
    slow.step(i);
  }
  CHECK(same_bits(with.weights(), slow.weights()));
  CHECK_FALSE(same_bits(slow.trainer.averaged_by("ema"), slow.trainer.averaged_by("slow")));
  CHECK_FALSE(same_bits(slow.weights(), slow.trainer.averaged_by("ema")));
}

TEST_CASE("a gradient is clipped to the norm that is allowed, and told as it was", "[train]") {
  Training plain, clipped({"train.clip_norm=0.01"}), wide({"train.clip_norm=1e9"});
  CHECK(clipped.step(0).gradient_norm == plain.step(0).gradient_norm);
  wide.step(0);
  CHECK(same_bits(plain.weights(), wide.weights()));
  CHECK_FALSE(same_bits(plain.weights(), clipped.weights()));
}

TEST_CASE("a loss that is no number ends the training", "[train]") {
  Training training({"optimizers.others.lr=1e30"});
  CHECK_THROWS_WITH(
      [&] {
        for (int i = 0; i < 5; ++i) training.step(i);
      }(),
      Catch::StartsWith("step ") && Catch::Contains("lower the learning rates"));
}

TEST_CASE("what stops being finite is named with its step, its place and its technique", "[train]") {
  Training training({"techniques.q_gain={}", "techniques.qk_norm={}"});
  const WeightTable& table = training.experiment.model->weights();
  auto spoil = [&](const char* name, float value) {
    int weight = table.find(name);
    REQUIRE(weight >= 0);
    table.value(weight).data()[0] = value;
  };
  auto says = [&](const std::string& what) {
    CHECK_THROWS_WITH(training.step(1), Catch::StartsWith("step 1: ") && Catch::Contains(what));
  };
  training.step(0);
  SECTION("a weight") {
    spoil("blocks.2.mlp.proj.weight", std::numeric_limits<float>::quiet_NaN());
    says("weight blocks.2.mlp.proj.weight of 'model', which 'others' updates, is not finite");
  }
  SECTION("a technique") {
    spoil("blocks.1.attn.q_gain", 3e38f);
    table.value(table.find("blocks.1.attn.c_q.weight")).data()[0] = 1e4f;
    says("that of plugin 'q_gain' at query_key of layer 1");
  }
  SECTION("a part of the model") {
    spoil("blocks.3.mlp.fc.weight", 3e38f);
    says("in layer 3");
  }
}

TEST_CASE("a weight that no gradient reaches is known", "[train]") {
  Training training;
  int tokens = training.experiment.model->weights().find("tok_emb.weight");
  REQUIRE(tokens >= 0);
  CHECK_FALSE(training.trainer.reached(tokens));
  training.step(0);
  CHECK(training.trainer.reached(tokens));
}
