// SPDX-License-Identifier: Apache-2.0
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

const Shape kShape = {2, 8};
const std::vector<float> kRows = {0.9f,  -0.31f, 0.045f, 0.62f,  -0.7777f, 0, 0.2f,   -1.3f,
                                  0.05f, -0.02f, 0.011f, 0.031f, -0.044f,  0, 0.007f, -0.0495f};

Tensor seen(const Values& settings, const Tensor& w, Progress progress = {}, Mode mode = Mode::kTrain) {
  PluginHost host("qat", settings);
  WeightInfo info;
  info.name = "w";
  return run([&] { return host.as<WeightView>().view(host.input(0), info, progress, mode); }, {w});
}

/// The gradient of w, given that of what is seen of it.
Tensor gradient_through(const Values& settings, const Tensor& w, const Tensor& adjoint) {
  PluginHost host("qat", settings);
  Tensor gradient(w.shape());
  std::vector<Leaf> leaves = {{w, gradient.data(), false}};
  Tape tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  std::vector<Var> outputs = {host.as<WeightView>().view(host.input(0), {}, {}, Mode::kTrain)};
  std::vector<Tensor> seeds = {adjoint};
  tape.backward(outputs, seeds);
  return gradient;
}

Tensor rows() { return tensor_of(kShape, kRows); }
std::vector<double> untouched() { return {kRows.begin(), kRows.end()}; }

}  // namespace

TEST_CASE("qat rounds to the published grids", "[views]") {
  check_values(seen({{"form", "int6"}}, rows()),
               {0.8806451, -0.2935484, 0.0419355, 0.6290322, -0.7967741, 0, 0.2096774, -1.3,  //
                0.0645161, -0.0322581, 0, 0.0322581, -0.0322581, 0, 0, -0.0645161},
               1e-6);
  check_values(seen({{"form", "int6_percentile"}}, rows()),
               {0.8806421, -0.2935474, 0.0419353, 0.62903, -0.7967714, 0, 0.2096767, -1.2999954,  //
                0.05, -0.0193548, 0.0112903, 0.0306452, -0.0435484, 0, 0.0064516, -0.05},
               1e-6);
}

TEST_CASE("qat rounds whole numbers to multiples of four, and clips at 124", "[views]") {
  // Scale 1/127 times the largest magnitude: the numbers below are whole by construction.
  Tensor w = tensor_of({1, 6}, {127, 126, 5, 6, -127, -2});
  check_values(seen({{"form", "int8"}}, w), {127, 126, 5, 6, -127, -2});
  check_values(seen({{"form", "int6_by4"}}, w), {124, 124, 4, 8, -128, 0});
}

TEST_CASE("qat keeps int5 within 15 steps of at least 1/15", "[views]") {
  check_values(seen({{"form", "int5"}}, tensor_of({2, 3}, {-3, 1.5f, 0.11f, 0.1f, -0.02f, 0.04f})),
               {-3, 1.6, 0.2, 2.0 / 15, 0, 1.0 / 15});
}

TEST_CASE("qat keeps the scale of int6_floor at 1/961 or more", "[views]") {
  check_values(seen({{"form", "int6_floor"}}, tensor_of({2, 2}, {0.5f, 0.1f, 0.02f, -0.0011f})),
               {0.5, 0.5 * 6 / 31, 19.0 / 961, -1.0 / 961}, 1e-7);
}

TEST_CASE("qat rounds softly, and lets gradients follow", "[views]") {
  // Scale 1: halves stay in the middle, whole numbers move by sigmoid(-sharpness / 2) alone.
  Values soft = {{"form", "int8"}, {"rounding", "soft"}, {"sharpness", "4"}};
  double low = 1 / (1 + std::exp(2.0)), quarter = 1 / (1 + std::exp(1.0));
  check_values(seen(soft, tensor_of({1, 5}, {127, 2.5f, -3, 0.25f, -0.75f})),
               {127, 2.5, -3 + low, quarter, -1 + quarter}, 1e-5);

  Values wide = {{"form", "int6_symmetric"}, {"rounding", "soft"}, {"sharpness", "3"}};
  // The scale is held constant: rows whose largest magnitude is no variable of the check.
  Tensor w = random_tensor({2, 9}, "w");
  Tensor adjoint = random_tensor({2, 9}, "adjoint");
  for (int64_t r = 0; r < 2; ++r) w.data()[9 * r] = 31, adjoint.data()[9 * r] = 0;
  Tensor gradient = gradient_through(wide, w, adjoint);
  for (int64_t i = 1; i < 18; ++i) {
    if (i == 9) continue;
    Tensor up = clone(w), down = clone(w);
    constexpr float kStep = 1e-3f;
    up.data()[i] += kStep;
    down.data()[i] -= kStep;
    if (std::floor(up.data()[i]) != std::floor(down.data()[i])) continue;  // it jumps at whole numbers
    double slope = double(seen(wide, up).data()[i]) - double(seen(wide, down).data()[i]);
    CHECK(gradient.data()[i] ==
          Approx(adjoint.data()[i] * slope / (double(up.data()[i]) - double(down.data()[i]))).margin(2e-3));
  }
}

TEST_CASE("qat takes a quantile of rows with ties and of one element", "[views]") {
  check_values(seen({{"form", "int6_percentile"}}, tensor_of({1, 3}, {0.5f, -0.5f, 0.25f})),
               {0.5, -0.5, 0.5 * 16 / 31});
  check_values(seen({{"form", "int6_percentile"}}, tensor_of({1, 1}, {-0.5f})), {-0.5});
  check_values(seen({{"form", "int6_percentile"}}, tensor_of({1, 3}, {0, 0, 0})), {0, 0, 0});
}

TEST_CASE("qat acts in training, below its threshold, and not at all when inert", "[views]") {
  Progress early;
  early.lr_scale = 0.2;
  Progress late;
  late.step = 60;
  late.lr_scale = 0.14;
  Values threshold = {{"start_below", "0.15"}, {"after_step", "50"}};
  check_values(seen(threshold, rows(), early), untouched(), 0);
  CHECK(seen(threshold, rows(), late).data()[0] == Approx(0.8806451));
  late.step = 49;
  check_values(seen(threshold, rows(), late), untouched(), 0);
  check_values(seen({}, rows(), late, Mode::kEvaluate), untouched(), 0);
  check_values(seen({{"effect", "inert"}}, rows(), late), untouched(), 0);
}

TEST_CASE("qat passes gradients straight through", "[views]") {
  Tensor w = random_tensor({3, 33}, "w"), adjoint = random_tensor({3, 33}, "adjoint");
  check_values(gradient_through({}, w, adjoint), {adjoint.data(), adjoint.data() + adjoint.numel()}, 0);
}
