// SPDX-License-Identifier: Apache-2.0
// What a plugin answers is looked at before the model uses it: orders of layers, masks and averages that do
// not fit are refused where they are given.
#include <catch2/catch.hpp>

#include "autograd/thread_tape.h"
#include "laws/samples.h"
#include "support/small_model.h"
#include "train/trainer.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

std::vector<Execution> longest_turns, turns;

struct AnyOrder final : LayerOrder {
  std::vector<Execution> longest(int) const override { return longest_turns; }
  std::vector<Execution> order(int, const Progress&) const override { return turns; }
};

struct LooksAhead final : AttentionMask {
  Ids first_seen(Forward& forward) override {
    Ids seen = result_ids(forward.tokens.batch, forward.tokens.length);
    std::fill_n(const_cast<int32_t*>(seen.data), seen.numel(), 3);
    return seen;
  }
};

struct OneTensor final : Averager {
  Tensor only{{2}};
  void update(std::span<const Weight>, const Progress&) override {}
  std::span<const Tensor> average() const override { return {&only, 1}; }
};

template <class T>
Experiment with(const char* name) {
  static Registry registry;
  if (!registry.has(name)) registry.add(name, built_in<T>({.summary = "A test.", .source = "tests"}));
  return small_experiment({std::string("techniques.") + name + "={}"}, registry);
}

void run_pass(Experiment& experiment) {
  std::vector<Leaf> leaves = leaves_of(experiment.model->weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  std::vector<int32_t> tokens(12, 5);
  experiment.model->logits({tokens.data(), 1, 12, Device::kCpu}, Mode::kTrain, TrainingPass{});
}

}  // namespace

TEST_CASE("an order of layers that the model does not have is refused", "[model]") {
  auto refusal = [](std::vector<Execution> longest, std::vector<Execution> order) -> std::string {
    longest_turns = std::move(longest);
    turns = std::move(order);
    try {
      Experiment experiment = with<AnyOrder>("any_order");
      run_pass(experiment);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  const std::vector<Execution> plain = {{0, 0}, {1, 1}, {2, 2}, {3, 3}};
  CHECK(refusal(plain, plain).empty());
  CHECK(refusal({}, {}) == "'any_order': its order runs no layer");
  CHECK(refusal({{0, 0}, {100, 1}}, plain) ==
        "'any_order': turn 1 of its order is of layer 100; wanted 0 to 3");
  CHECK(refusal({{0, 4}}, plain) ==
        "'any_order': turn 0 of its order has the matrices of layer 4; wanted 0 to 3");
  CHECK(refusal(plain, {{0, 0}, {-1, 0}}) ==
        "'any_order': turn 1 of its order is of layer -1; wanted 0 to 3");
  CHECK(refusal(plain, {{0, 0}, {4, 3}}) == "'any_order': turn 1 of its order is of layer 4; wanted 0 to 3");
  CHECK(refusal(plain, {}) == "'any_order': its order runs no layer");
  CHECK(refusal({{0, 0}}, {{0, 0}, {0, 0}}) == "'any_order': its order has 2 turns; longest() has 1");
}

TEST_CASE("a mask that looks ahead is refused as the mask's", "[model]") {
  Experiment experiment = with<LooksAhead>("looks_ahead");
  try {
    run_pass(experiment);
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(std::string(blamed(error).what()) ==
          "plugin 'looks_ahead': position 0 is to see those from 3 on; wanted 0 to 0");
  }
}

TEST_CASE("an average that is not of the weights' shapes is refused", "[model]") {
  Experiment experiment = small_experiment();
  Trainer trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                  experiment.budget);
  OneTensor averager;
  trainer.add_averager("one", averager);
  CHECK_THROWS_WITH(trainer.averaged_by("one"), Catch::StartsWith("its average is not of the shapes of the"));
}
