// SPDX-License-Identifier: Apache-2.0
// The production passes against the plain ones: training takes the loss a stretch of positions at a time, and
// evaluation computes what is scored alone.
#include <caddie/random.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"
#include "support/gradient_check.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int64_t kRows = 2, kLength = 150, kVocabulary = 2048;  // stretches of 64, 64 and 22 positions

/// A model with these techniques, and with `more` changed.
Experiment model_with(const std::vector<std::string>& modifiers, const std::vector<std::string>& more = {}) {
  std::vector<std::string> changes = {"data.sequence_length = 150", "model.vocabulary = 2048",
                                      "model.dim = 32"};
  changes.insert(changes.end(), more.begin(), more.end());
  for (const std::string& modifier : modifiers) changes.push_back("techniques." + modifier + " = {}");
  Experiment experiment = small_experiment(changes);
  fill_by_name(*experiment.model);
  return experiment;
}

std::vector<int32_t> tokens(const char* name) {
  std::vector<int32_t> ids;
  Rng rng(3, name);
  for (int64_t i = 0; i < kRows * kLength; ++i) ids.push_back(int32_t(rng.below(kVocabulary)));
  return ids;
}

/// What a pass adds to the gradients of all weights, and the sum of its losses.
template <class Pass>
std::pair<double, std::vector<Tensor>> gradients_of(Model& model, Pass pass) {
  std::vector<Tensor> gradients;
  std::vector<Leaf> leaves;
  for (const Tensor& value : model.weights().values()) {
    gradients.emplace_back(value.shape());
    leaves.push_back({value, gradients.back().data(), false});
  }
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  std::vector<int32_t> inputs = tokens("inputs"), targets = tokens("targets");
  double nats = pass(tape, place_ids(tape, inputs.data(), kRows, kLength),
                     place_ids(tape, targets.data(), kRows, kLength));
  return {nats, gradients};
}

/// Losses by Model::score, [kRows, kLength]; those before `first` are zero.
std::vector<float> score(Model& model, int64_t first, bool trim) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  std::vector<int32_t> inputs = tokens("inputs"), targets = tokens("targets");
  std::vector<float> nats(size_t(kRows * kLength));
  std::vector<int64_t> first_scored(kRows, first);
  model.score(place_ids(tape, inputs.data(), kRows, kLength), place_ids(tape, targets.data(), kRows, kLength),
              1, first_scored, trim, nats.data());
  return nats;
}

std::vector<float> plain_losses(Model& model) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  std::vector<int32_t> inputs = tokens("inputs"), targets = tokens("targets");
  Tensor nats = model
                    .losses(place_ids(tape, inputs.data(), kRows, kLength),
                            place_ids(tape, targets.data(), kRows, kLength), Mode::kEvaluate, Progress())
                    .value();
  return {nats.data(), nats.data() + nats.numel()};
}

}  // namespace

TEST_CASE("losses a stretch at a time give the gradient of the whole", "[passes]") {
  Experiment experiment =
      model_with({"logit_softcap", "unet_skips", "resid_mix", "factored_embedding", "vocabulary_bias"});
  Model& model = *experiment.model;
  auto [nats, gradients] = gradients_of(model, [&](Tape&, Ids inputs, Ids targets) {
    return model.add_gradients(inputs, targets, Mode::kTrain, TrainingPass(), 0.25f).nats;
  });
  auto [plain_nats, plain] = gradients_of(model, [&](Tape& tape, Ids inputs, Ids targets) {
    Var losses = model.losses(inputs, targets, Mode::kTrain, Progress());
    double sum_of_losses = sum(losses.value());
    tape.backward(losses, 0.25f);
    return sum_of_losses;
  });
  CHECK(nats == Approx(plain_nats).epsilon(1e-12));
  for (size_t i = 0; i < gradients.size(); ++i) {
    INFO(model.weights().info(int(i)).name);
    double norm = std::sqrt(squared_norm(plain[i])), difference = 0;
    for (int64_t e = 0; e < plain[i].numel(); ++e)
      difference += std::pow(double(gradients[i].data()[e]) - double(plain[i].data()[e]), 2);
    CHECK(norm > 0);
    CHECK(std::sqrt(difference) <= 1e-5 * norm);  // sums of 64 terms in place of 300: rounding only
  }
}

TEST_CASE("scores have the bits of the plain losses, however little is computed", "[passes]") {
  for (const std::vector<std::string>& modifiers :
       {std::vector<std::string>{}, plugins_of(Kind::kModifier)}) {
    Experiment experiment = model_with(modifiers);
    std::vector<float> plain = plain_losses(*experiment.model);
    for (int64_t first : {0, 1, 63, 64, 130, 149})
      for (bool trim : {false, true}) {
        INFO(modifiers.size() << " modifiers, scored from " << first << (trim ? ", trimmed" : ""));
        std::vector<float> scored = score(*experiment.model, first, trim);
        for (int64_t row = 0; row < kRows; ++row) {
          auto at = size_t(row * kLength + first);
          CHECK(std::equal(&scored[at], &scored[at] + (kLength - first), &plain[at]));
        }
      }
  }
}

TEST_CASE("attention's output can be changed by what queries were before any technique", "[passes]") {
  // The norm takes back a factor of the query projection. So what attention gives is as before, and a gate
  // that reads the projection sees the factor, which its own scale takes back.
  auto losses = [](float factor, const char* scale) {
    Experiment experiment =
        model_with({"qk_norm", "q_gain", "rope"}, {"techniques.gated_attention.source = 'query'", scale});
    WeightTable& weights = experiment.model->weights();
    for (int i = 0; i < weights.size(); ++i)
      if (weights.info(i).place == Place::kQuery)
        for (int64_t e = 0; e < weights.value(i).numel(); ++e) weights.value(i).data()[e] *= factor;
    std::vector<float> plain = plain_losses(*experiment.model), trimmed = score(*experiment.model, 130, true);
    for (int64_t row = 0; row < kRows; ++row) {
      auto at = size_t(row * kLength + 130);
      CHECK(std::equal(&trimmed[at], &trimmed[at] + 20, &plain[at]));
    }
    return plain;
  };
  auto largest_difference = [](const std::vector<float>& a, const std::vector<float>& b) {
    float largest = 0;
    for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
  };
  std::vector<float> whole = losses(1, "techniques.gated_attention.scale = 1");
  CHECK(largest_difference(losses(4, "techniques.gated_attention.scale = 0.25"), whole) < 1e-4f);
  CHECK(largest_difference(losses(4, "techniques.gated_attention.scale = 1"), whole) > 1e-2f);
}

TEST_CASE("a pass for evaluation holds one layer at a time", "[passes]") {
  Experiment experiment = model_with({"unet_skips"});
  auto memory = [&](auto pass) {
    Tape tape(Device::kCpu);
    Tape::Scope scope(tape);
    std::vector<Leaf> leaves = leaves_of(experiment.model->weights().values());
    std::vector<int32_t> ids = tokens("inputs");
    tape.start(leaves, false);
    Ids placed = place_ids(tape, ids.data(), kRows, kLength);
    pass(placed);
    return tape.used_bytes();
  };
  std::vector<float> nats(size_t(kRows * kLength));
  std::vector<int64_t> first(kRows, 0);
  size_t scored = memory([&](Ids ids) { experiment.model->score(ids, ids, 1, first, true, nats.data()); });
  size_t logits = size_t(kRows * kLength * kVocabulary) * sizeof(float);
  CHECK(scored < logits);
}

TEST_CASE("a tape forgets what came after a mark, and keeps the gradients", "[passes]") {
  Tensor value = random_tensor({3}, "value"), gradient({3});
  std::vector<Leaf> leaves = {{value, gradient.data(), false}};
  Tape tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  size_t before = tape.used_bytes();
  for (int pass = 0; pass < 3; ++pass) {
    Tape::Mark mark = tape.mark();
    Var w = Parameter{0};
    tape.backward_since(mark, w * w, 1);
    CHECK(tape.used_bytes() == before);
  }
  for (int i = 0; i < 3; ++i) CHECK(gradient.data()[i] == Approx(6 * value.data()[i]));
}
