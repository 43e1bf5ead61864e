// SPDX-License-Identifier: Apache-2.0
// A view may own weights: they get the gradient that flows back through it, and are trained.
#include <catch2/catch.hpp>

#include "model/views.h"
#include "support/gradient_check.h"
#include "support/paths.h"
#include "support/small_model.h"
#include "train/gradient.h"
#include "train/trainer.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

Experiment with_gain() {
  std::vector<std::filesystem::path> folders = Registry::default_folders();
  folders.push_back(build_folder() / "fixtures");
  static Registry registry(folders);
  Experiment experiment =
      small_experiment({"techniques.column_gain.weights=['*.attn.*', '*.mlp.fc.*']"}, registry);
  fill_by_name(*experiment.model);
  return experiment;
}

Batch batch() {
  Batch batch;
  batch.rows = 2;
  batch.length = 12;
  for (int i = 0; i < 24; ++i) {
    batch.inputs.push_back(i * 7 % 31);
    batch.targets.push_back((i + 1) * 7 % 31);
  }
  return batch;
}

/// The loss of the batch, and the gradients of all weights.
std::pair<double, std::vector<Tensor>> pass(Experiment& experiment) {
  Model& model = *experiment.model;
  ViewedWeights views(model);
  views.refresh(Progress(), Mode::kTrain, true);
  GradientSum sum(model, 2, 12);
  Batch one = batch();
  double loss = sum.run({&one, 1}, views.values(), Progress());
  views.pull(sum.gradients());
  std::vector<Tensor> gradients;
  for (const Tensor& gradient : sum.gradients())
    gradients.push_back(gradient.defined() ? clone(gradient) : Tensor());
  return {loss, gradients};
}

}  // namespace

TEST_CASE("the gradient of a view's own weight is what differences of the loss show", "[model]") {
  Experiment experiment = with_gain();
  int index = experiment.model->weights().find("column_gain");
  REQUIRE(index >= 0);
  auto [loss, gradients] = pass(experiment);
  const Tensor& gradient = gradients[size_t(index)];
  REQUIRE(gradient.defined());
  const Tensor& gain = experiment.model->weights().value(index);
  double norm = std::sqrt(squared_norm(gradient));
  REQUIRE(norm > 0);
  // Along the gradient the loss changes by its norm.
  auto moved = [&](double step) {
    Tensor before = clone(gain);
    for (int64_t i = 0; i < gain.numel(); ++i) gain.data()[i] += float(step / norm) * gradient.data()[i];
    double there = pass(experiment).first;
    copy(before, gain);
    return there;
  };
  constexpr double kStep = 0.02;
  CHECK((moved(kStep) - moved(-kStep)) / (2 * kStep) == Approx(norm).epsilon(0.01));
}

TEST_CASE("a training moves a view's own weights", "[model]") {
  Experiment e = with_gain();
  int index = e.model->weights().find("column_gain");
  Tensor before = clone(e.model->weights().value(index));
  Trainer trainer(*e.model, e.optimizers, e.only<Schedule>(), e.train, e.budget);
  Batch one = batch();
  trainer.step({&one, 1});
  CHECK(trainer.reached(index));
  CHECK_FALSE(caddie::same_bits(before, e.model->weights().value(index)));
}
