// SPDX-License-Identifier: Apache-2.0
// Plugins that write what is not finite in a backward pass, as a view, an optimizer or an averager are named,
// with the place and the step.
#include <caddie/kernel.h>
#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

#include "support/small_model.h"
#include "train/trainer.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
using Catch::StartsWith;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kBadStep = 1;

/// Passes x on, and a gradient whose first number is NaN back.
Var spoils_gradient(Var x) {
  Var y = result(x.shape());
  copy(x.value(), y.value());
  record(y, {x}, [=] {
    copy(Tensor(y.shape(), y.grad_slot().data, x.device()),
         Tensor(x.shape(), x.grad_slot().data, x.device()));
    x.grad_slot().data[0] = kNan;
  });
  return y;
}

struct BadBackward final : Modifier {
  Var branch(Block& block, Var y) override {
    bool bad = block.layer == 2 && block.part == Part::kMlp && block.forward.progress.step == kBadStep;
    return bad ? spoils_gradient(y) : y;
  }
};
struct BadView final : WeightView {
  Var view(Var w, const WeightInfo&, const Progress& progress, Mode) override {
    return progress.step == kBadStep ? w * kNan : w * 2.0f;
  }
};
struct BadViewBackward final : WeightView {
  Var view(Var w, const WeightInfo& info, const Progress& progress, Mode) override {
    return progress.step == kBadStep && info.layer == 3 ? spoils_gradient(w) : w * 2.0f;
  }
};
struct BadOptimizer final : Optimizer {
  void step(std::span<Weight> weights, const Progress& progress) override {
    if (progress.step == kBadStep) weights[1].value.data()[0] = kNan;
  }
};
struct BadAverager final : Averager {
  std::vector<Tensor> all;
  bool throws = false;
  void settings(Settings& s) override { s("throws", throws, "throw in place of a bad average"); }
  void update(std::span<const Weight> live, const Progress& progress) override {
    all.clear();
    for (const Weight& weight : live) all.push_back(clone(weight.value));
    if (progress.step <= kBadStep) return;
    check(!throws, "my own words");
    all[0].data()[0] = kNan;
  }
  std::span<const Tensor> average() const override { return all; }
};
struct BadSchedule final : Schedule {
  double scale(const Progress& progress) const override { return progress.step == kBadStep ? kNan : 1; }
};

/// Trains the small model with a plugin, called "bad", for three steps; returns what ends that, with whom it
/// is blamed on, or "".
template <class Bad>
std::string trouble_with(const std::vector<std::string>& changes, bool looks = true) {
  Registry plugins;
  plugins.add("bad", built_in<Bad>({.summary = "A test.", .source = "tests"}));
  Experiment experiment = small_experiment(changes, plugins);
  Trainer trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                  experiment.budget);
  experiment.model->initialize(experiment.only<Initializer>(), 1);
  if (experiment.averager) trainer.add_averager("average", experiment.averager->as<Averager>());
  if (looks) trainer.check_outputs_first();
  Batch batch{std::vector<int32_t>(24, 3), std::vector<int32_t>(24, 5), 2, 12};
  try {
    for (int i = 0; i < 3; ++i) trainer.step({&batch, 1});
  } catch (const Error& error) {
    return blamed(error).what();
  }
  return "";
}

const std::vector<std::string> kTechnique = {"techniques.mine.use=bad"};
const std::vector<std::string> kView = {"techniques.mine.use=bad",
                                        "techniques.mine.weights=['blocks.*.mlp.fc.weight']"};

}  // namespace

TEST_CASE("a gradient that is not finite is blamed on the technique and the place that pass it back",
          "[train]") {
  for (bool looks : {false, true})
    CHECK_THAT(
        trouble_with<BadBackward>(kTechnique, looks),
        StartsWith("step 1: the gradient of ") &&
            Contains("is not finite: the first such gradient comes from plugin 'bad' (technique 'mine') "
                     "at branch of layer 2, backward; lower"));
  CHECK_THAT(
      trouble_with<BadViewBackward>(kView),
      Contains("step 1: the gradient of blocks.3.mlp.fc.weight of 'model' is not finite: the first such "
               "gradient comes from plugin 'bad' (technique 'mine') in layer 3, backward"));
}

TEST_CASE("a view that shows what is not finite is blamed, not the weight that it shows", "[train]") {
  CHECK(
      trouble_with<BadView>(kView) ==
      "step 1: what plugin 'bad' (technique 'mine') in layer 0 shows of weight blocks.0.mlp.fc.weight is not "
      "finite; --check-finite asks for this");
  // relu_squared hides it from the loss.
  CHECK_THAT(
      trouble_with<BadView>(kView, false),
      StartsWith("step 1: the gradient of ") &&
          Contains(" is not finite: what plugin 'bad' (technique 'mine') in layer 0 shows of weight "));
}

TEST_CASE("an optimizer or averager that writes what is not finite is named in that step, if asked for",
          "[train]") {
  const std::vector<std::string> optimizer = {"~optimizers.others.lr", "optimizers.others.use=bad"};
  CHECK_THAT(trouble_with<BadOptimizer>(optimizer),
             StartsWith("plugin 'bad' (technique 'others'), step 1: it makes ") &&
                 Contains(" one that is not finite; --check-finite asks for this"));
  CHECK_THAT(
      trouble_with<BadOptimizer>(optimizer, false),
      StartsWith("step 2: the loss is nan: weight ") && Contains(", which 'others' updates, is not finite"));
  CHECK_THAT(trouble_with<BadAverager>({"train.averager.use=bad"}),
             StartsWith("plugin 'bad', step 2: its average of ") && Contains("is not finite"));
  CHECK(trouble_with<BadAverager>({"train.averager.use=bad"}, false) == "");
}

TEST_CASE("an averager that throws is told with the step that it was told", "[train]") {
  CHECK(trouble_with<BadAverager>({"train.averager.use=bad", "train.averager.throws=true"}) ==
        "plugin 'bad', step 2: my own words");
}

TEST_CASE("a schedule that gives no number is named", "[train]") {
  CHECK(trouble_with<BadSchedule>({"~train.schedule", "train.schedule.use=bad"}) ==
        "plugin 'bad', step 1: it multiplies the learning rates by nan");
}
