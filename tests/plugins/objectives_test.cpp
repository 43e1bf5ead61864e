// SPDX-License-Identifier: Apache-2.0
// Terms of the loss against the formulas at their heads, computed here in float64 by loops of their own.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int kPositions = 5, kTermWidth = 3, kTermTokens = 4;
const std::vector<int32_t> kTermTargets = {1, 3, 0, 2, 2};

ModelShape term_shape() {
  return {.vocabulary = kTermTokens, .layers = 1, .width = kTermWidth, .sequence_length = kPositions};
}

Tensor some_hidden() { return random_tensor({1, kPositions, kTermWidth}, "hidden"); }
Tensor some_logits() { return random_tensor({1, kPositions, kTermTokens}, "logits"); }

/// -log softmax(z)[target] of four logits.
double nats_of(const double* z, int target) {
  double sum = 0;
  for (int v = 0; v < kTermTokens; ++v) sum += std::exp(z[v]);
  return std::log(sum) - z[target];
}

/// The logits at each position, widened.
std::vector<double> wide(const Tensor& z) { return {z.data(), z.data() + z.numel()}; }

/// The term of a plugin over one sequence, of which the hidden values and the logits are inputs.
std::function<Var()> term_of(PluginHost& host) {
  return [&] {
    Ids targets = {kTermTargets.data(), 1, kPositions};
    TestForward forward(host.model(), targets);
    TestPrediction prediction(host.input(0), host.input(1), targets);
    return host.as<Objective>().term(forward, prediction);
  };
}

}  // namespace

TEST_CASE("z_loss: the square of the logarithm of the sum", "[objectives]") {
  PluginHost host("z_loss", {{"coefficient", 0.25}}, term_shape());
  std::vector<Tensor> inputs = host.random_weights({some_hidden(), some_logits()});
  std::vector<double> z = wide(some_logits()), wanted;
  for (int t = 0; t < kPositions; ++t)
    wanted.push_back(0.25 * std::pow(nats_of(&z[size_t(t) * 4], 0) + z[size_t(t) * 4], 2));
  check_values(run(term_of(host), inputs), wanted);
  check_gradients(term_of(host), inputs);
}

TEST_CASE("label_smoothing: with the term the loss is that of smoothed labels", "[objectives]") {
  const double kShare = 0.3;
  PluginHost host("label_smoothing", {{"share", kShare}}, term_shape());
  std::vector<Tensor> inputs = host.random_weights({some_hidden(), some_logits()});
  Tensor term = run(term_of(host), inputs);
  std::vector<double> z = wide(some_logits());
  for (int t = 0; t < kPositions; ++t) {
    double plain = nats_of(&z[size_t(t) * 4], kTermTargets[size_t(t)]), smoothed = 0;
    for (int v = 0; v < kTermTokens; ++v) {
      double label = kShare / kTermTokens + (v == kTermTargets[size_t(t)] ? 1 - kShare : 0);
      smoothed += label * nats_of(&z[size_t(t) * 4], v);
    }
    CHECK(double(term.data()[t]) + plain == Approx(smoothed).epsilon(1e-5));
  }
  check_gradients(term_of(host), inputs);
}

TEST_CASE("multi_token_prediction: each head predicts its own distance", "[objectives]") {
  for (int ahead : {1, 2}) {
    INFO("ahead " << ahead);
    PluginHost host("multi_token_prediction", {{"heads", 2.0}, {"ahead", double(ahead)}, {"weight", 0.5}},
                    term_shape());
    CHECK(host.names() == std::vector<std::string>{"mtp_heads.0.weight", "mtp_heads.1.weight"});
    for (const WeightInfo& info : host.infos()) CHECK(info.training_only);
    std::vector<Tensor> inputs = host.random_weights({some_hidden(), some_logits()});
    double wanted = 0;
    for (int k = 0; k < 2; ++k) {
      double sum = 0;
      int positions = kPositions - ahead - k;
      for (int t = 0; t < positions; ++t) {
        double z[kTermTokens] = {};
        for (int v = 0; v < kTermTokens; ++v)
          for (int c = 0; c < kTermWidth; ++c)
            z[v] += double(inputs[size_t(k)].data()[v * kTermWidth + c]) *
                    double(some_hidden().data()[t * kTermWidth + c]);
        sum += nats_of(z, kTermTargets[size_t(t + ahead + k)]);
      }
      wanted += 0.5 / 2 * sum / positions;
    }
    Tensor term = run(term_of(host), inputs);
    CHECK(sum(term) / kPositions == Approx(wanted).epsilon(1e-5));
    CHECK(term.data()[kPositions - 1] == 0);  // nothing stands so far behind the last position
    check_gradients(term_of(host), inputs);
  }
}

TEST_CASE("multi_token_prediction: heads that look behind the end are refused, and count for nothing",
          "[objectives]") {
  PluginHost host("multi_token_prediction", {{"heads", 3.0}, {"ahead", 4.0}, {"weight", 1.0}}, term_shape());
  CHECK_THROWS_WITH(host.as<Objective>().validate({host.model(), {}}),
                    Catch::Contains("6 tokens") && Catch::Contains("sequences of 5"));
  std::vector<Tensor> inputs = host.random_weights({some_hidden(), some_logits()});
  double z[kTermTokens] = {};
  for (int v = 0; v < kTermTokens; ++v)
    for (int c = 0; c < kTermWidth; ++c)
      z[v] += double(inputs[0].data()[v * kTermWidth + c]) * double(some_hidden().data()[c]);
  CHECK(sum(run(term_of(host), inputs)) / kPositions == Approx(nats_of(z, kTermTargets[4])).epsilon(1e-5));
}

TEST_CASE("dropout: numbers are dropped as the stream says, and the others grow", "[modifiers]") {
  const double kRate = 0.25;
  PluginHost host("dropout", {{"rate", kRate}, {"site", std::string("stem")}}, term_shape());
  auto dropped = [&] {
    TestForward forward(host.model(), {kTermTargets.data(), 1, kPositions});
    return host.as<Modifier>().stem(forward, host.input(0));
  };
  std::vector<Tensor> inputs = {random_tensor({1, kPositions, 401}, "x")};
  Tensor y = run(dropped, inputs);
  Rng rng(0, "test/0");
  int zeros = 0;
  for (int64_t i = 0; i < y.numel(); ++i) {
    bool drops = rng.bits() < uint32_t(kRate * 4294967296.0);
    zeros += drops;
    CHECK(y.data()[i] == (drops ? 0 : inputs[0].data()[i] * float(1 / (1 - kRate))));
  }
  CHECK(zeros / double(y.numel()) == Approx(kRate).margin(0.04));  // four standard deviations
  check_gradients(dropped, inputs, 2e-3, 1e-2, 40);
}
