// SPDX-License-Identifier: Apache-2.0
// Factors of single weights' learning rates, by hand, and in a training.
#include <catch2/catch.hpp>

#include "support/small_model.h"
#include "train/trainer.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Takes two steps on made-up tokens, with these changes of the small experiment.
struct TwoSteps {
  Experiment experiment;
  std::vector<Tensor> before;
  Trainer trainer;

  explicit TwoSteps(const std::vector<std::string>& changes)
      : experiment(small_experiment(changes)),
        trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                experiment.budget) {
    trainer.multiply_rates_by(experiment.rate_factors);
    experiment.model->initialize(experiment.only<Initializer>(), 1);
    // Matrices that begin at zero would stop gradients at those before them.
    fill_by_name(*experiment.model);
    for (const Tensor& value : experiment.model->weights().values()) before.push_back(clone(value));
    Batch batch{{}, {}, 2, 12};
    for (int i = 0; i < 24; ++i) {
      batch.inputs.push_back(7 * i % 31);
      batch.targets.push_back(7 * (i + 1) % 31);
    }
    for (int i = 0; i < 2; ++i) trainer.step({&batch, 1});
  }
};

}  // namespace

TEST_CASE("layerwise_lr gives early and late layers factors of their own", "[rate_factors]") {
  ModelShape model = each_layer_once({.layers = 11});
  WeightInfo info = weight_info("w", {2, 2});
  auto factor = [&](const Values& values, int layer) {
    info.layer = layer;
    return make_plugin<RateFactor>("layerwise_lr", values)->factor(info, model, {});
  };
  // 0.03 times the factor is the source's 0.025 below layer 5.
  for (int layer : {0, 4}) CHECK(0.03 * factor({}, layer) == Approx(0.025));
  for (int layer : {5, 10}) CHECK(factor({}, layer) == 1);
  CHECK(factor({{"early", 0.25}}, -1) == 1);  // such as the token table
  Values own = {{"early_layers", 2.0}, {"early", 0.5}, {"late", 3.0}};
  CHECK(factor(own, 1) == 0.5);
  CHECK(factor(own, 2) == 3);
  CHECK_THROWS_WITH((make_plugin<RateFactor>("layerwise_lr", {{"early_layers", 11.0}})
                         ->validate({.model = model, .weights = {}})),
                    Catch::Contains("the model has 11 layers"));
}

TEST_CASE("a rate factor acts on the weights that it claims and on no others", "[rate_factors]") {
  TwoSteps plain({}), none({"train.rate_factors.layerwise_lr={weights=['role:matrix'],early=1}"});
  TwoSteps frozen({"train.rate_factors.layerwise_lr={weights=['role:matrix'],early=0}"});
  CHECK(frozen.trainer.rated("layerwise_lr"));
  CHECK_FALSE(none.trainer.rated("layerwise_lr"));
  const WeightTable& weights = frozen.experiment.model->weights();
  CHECK(same_bits(plain.experiment.model->weights().values(), none.experiment.model->weights().values()));
  int still = 0;
  for (int i = 0; i < weights.size(); ++i) {
    const WeightInfo& info = weights.info(i);
    INFO(info.name);
    bool is_still = caddie::same_bits(weights.value(i), frozen.before[size_t(i)]);
    CHECK(is_still == (info.role == Role::kMatrix && info.layer >= 0 && info.layer < 2));
    still += is_still;
  }
  CHECK(still == 2 * 6);
}

TEST_CASE("factors of several techniques on one weight are multiplied", "[rate_factors]") {
  const std::string all = "{use='layerwise_lr',weights=['*'],late=";
  TwoSteps one({"train.rate_factors.a=" + all + "0.25,early=0.125}"});
  TwoSteps two(
      {"train.rate_factors.a=" + all + "0.5,early=0.25}", "train.rate_factors.b=" + all + "0.5,early=0.5}"});
  CHECK(same_bits(one.experiment.model->weights().values(), two.experiment.model->weights().values()));
}
