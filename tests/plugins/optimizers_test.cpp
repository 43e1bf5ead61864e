// SPDX-License-Identifier: Apache-2.0
// Optimizers: updates worked out by hand or with the published code in float32, and what they leave alone.
#include <caddie/newton_schulz.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

// sin(o + 0.7 (i + 1)(j + 1) + 0.3 j^2 + 0.9 i^2), [3, 4]
Tensor wave(double o) {
  Tensor m({3, 4});
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 4; ++j)
      m.data()[i * 4 + j] = float(std::sin(o + 0.7 * (i + 1) * (j + 1) + 0.3 * j * j + 0.9 * i * i));
  return m;
}

void check_close(const Tensor& actual, const std::vector<double>& expected, double margin = 1e-5) {
  REQUIRE(size_t(actual.numel()) == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO("element " << i);
    CHECK(double(actual.data()[i]) == Approx(expected[i]).margin(margin));
  }
}

// A few weights and what an optimizer does to them.
struct Bench {
  std::vector<WeightInfo> infos;
  std::vector<Weight> weights;

  explicit Bench(const std::vector<Tensor>& values) : infos(values.size()) {
    for (size_t i = 0; i < values.size(); ++i) {
      infos[i].name = "w" + std::to_string(i);
      infos[i].shape = values[i].shape();
      weights.push_back({&infos[i], values[i], {}});
    }
  }
  void step(Optimizer& optimizer, const std::vector<Tensor>& gradients, int64_t at = 0, double scale = 1) {
    for (size_t i = 0; i < weights.size(); ++i)
      weights[i].gradient = gradients[i].defined() ? clone(gradients[i]) : Tensor();
    Progress progress;
    progress.step = at;
    progress.lr_scale = scale;
    optimizer.step(weights, progress);
  }
  const Tensor& value(size_t i = 0) const { return weights[i].value; }
};

// With rate -1 and no decay a weight that starts at 0 becomes the update itself.
Values as_update(Values more) {
  more.insert(more.end(), {{"lr", 1.0}, {"weight_decay", 0.0}, {"momentum", 0.92}, {"momentum_start", 0.92}});
  return more;
}
Tensor updated(Optimizer& optimizer, const Tensor& gradient) {
  Bench bench({Tensor(gradient.shape())});
  bench.step(optimizer, {gradient});
  for (int64_t i = 0; i < gradient.numel(); ++i) bench.value().data()[i] *= -1;
  return bench.value();
}

const std::vector<double> kOrthogonal = {0.7938662, -0.2900764, -0.3338649, 0.1869556,
                                         0.3525901, -0.573509,  0.2679638,  -0.5619618,
                                         0.0998151, 0.5686448,  -0.2445033, -0.8626449};

}  // namespace

TEST_CASE("newton_schulz gives the published values, either way up", "[optimizers]") {
  Tensor x = wave(1), tall({4, 3}), back({3, 4});
  transpose(x, tall);
  newton_schulz(x, "standard", 5);
  check_close(x, kOrthogonal);
  newton_schulz(tall, "standard", 5);
  transpose(tall, back);
  check_close(back, kOrthogonal);
  Tensor polar = wave(1);
  newton_schulz(polar, "polar_express", 5);
  check_close(polar, {0.9309888, -0.1828938, -0.4976061, 0.2478941, 0.2742229, -0.7185133, 0.427403,
                      -0.6575051, 0.1608896, 0.628117, -0.3240606, -0.8396004});
}

TEST_CASE("newton_schulz at odd sizes makes singular values near one", "[optimizers]") {
  for (Shape shape : {Shape{1, 1}, Shape{1, 33}, Shape{31, 77}, Shape{77, 32}, Shape{64, 64}}) {
    Tensor x = random_tensor(shape, "newton_schulz");
    newton_schulz(x, "standard", 5);
    double mean_square = squared_norm(x) / double(std::min(shape[0], shape[1]));
    INFO(shape.text());
    CHECK(mean_square > 0.4);  // singular values end within about 0.7 .. 1.2
    CHECK(mean_square < 1.45);
  }
  Tensor zero({5, 3}), vector({3});
  newton_schulz(zero, "standard", 5);
  CHECK(squared_norm(zero) == 0);
  CHECK_THROWS_WITH(newton_schulz(vector, "standard", 5), Catch::Contains("[3] is no matrix"));
  CHECK_THROWS_WITH(newton_schulz(zero, "cubic", 5), Catch::Contains("cubic"));
}

TEST_CASE("muon: two updates with Nesterov momentum", "[optimizers]") {
  auto muon = make_plugin<Optimizer>("muon", as_update({}));
  check_close(updated(*muon, wave(1)), kOrthogonal);
  check_close(updated(*muon, wave(2)), {0.2735692, -0.4558657, -0.5176824, 0.3864549, -0.4271086, -0.5174122,
                                        0.3877619, -0.4225411, 0.7579894, -0.2370813, 0.1555472, -0.471396});
}

TEST_CASE("muon: rows of unit length before the iteration", "[optimizers]") {
  auto muon = make_plugin<Optimizer>("muon", as_update({{"row_normalize", true}}));
  updated(*muon, wave(1));
  check_close(updated(*muon, wave(2)), {0.2412675, -0.4772006, -0.6150119, 0.5009425, -0.476365, -0.6071056,
                                        0.3924088, -0.4333898, 0.533057, -0.1465397, 0.1735168, -0.3987358});
}

// A plain computation in float64 gave these; gradients of 1e-4 are as small as what is added to mean squares.
TEST_CASE("muon: rows of unit root mean square before the iteration", "[optimizers]") {
  Values rms = as_update({{"row_normalize", true}, {"row_norm", "rms"}, {"newton_schulz_steps", 3.0}});
  auto muon = make_plugin<Optimizer>("muon", rms);
  updated(*muon, wave(1));
  check_close(updated(*muon, wave(2)), {0.2450844, -0.508194, -0.6146982, 0.4920326, -0.4831893, -0.6303248,
                                        0.3811812, -0.42412, 0.6009625, -0.167574, 0.176018, -0.4280787});
  auto small = make_plugin<Optimizer>("muon", rms);
  Tensor first = wave(1), second = wave(2);
  for (Tensor* gradient : {&first, &second})
    for (int i = 0; i < 12; ++i) gradient->data()[i] *= 1e-4f;
  updated(*small, first);
  check_close(updated(*small, second), {0.2290029, -0.5048428, -0.5279451, 0.4005122, -0.4384579, -0.5680308,
                                        0.3510776, -0.3897445, 0.6755287, -0.184679, 0.1527783, -0.4296986});
}

TEST_CASE("weight decay tapers from a share of the budget on, by steps or by the clock", "[optimizers]") {
  for (std::string name : {"muon", "normuon"}) {
    auto kept = [&](Values more, const Progress& progress) {  // of a weight of 1 with gradient 0, at rate 0.5
      more.insert(more.end(), {{"lr", 0.5}, {"weight_decay", 0.5}});
      Tensor one = tensor_of({1, 1}, {1});
      WeightInfo info = weight_info("w", {1, 1});
      Weight weight{&info, one, Tensor({1, 1})};
      make_plugin<Optimizer>(name, more)->step({&weight, 1}, progress);
      return double(one.data()[0]);
    };
    INFO(name);
    Values taper = {{"decay_taper_start", 0.5}, {"decay_taper_end", 0.0}};
    CHECK(kept({}, {.step = 9, .steps = 10}) == 0.75);
    CHECK(kept(taper, {.step = 5, .steps = 10}) == 0.75);
    CHECK(kept(taper, {.step = 6, .steps = 8}) == 0.875);
    CHECK(kept(taper, {.step = 6, .steps = 8, .seconds = 1, .budget_seconds = 4}) == 0.75);
    CHECK(kept(taper, {.step = 6, .steps = 8, .seconds = 9, .budget_seconds = 4}) == 1);
    CHECK(kept({{"decay_taper_end", 0.0}}, {.step = 8, .steps = 8}) == 0.75);
  }
}

// Of the first weight the sign turns, as 0.9 of the momentum and 0.1 of the gradient say; 0 has no sign.
TEST_CASE("lion: two steps worked out by hand", "[optimizers]") {
  auto lion = make_plugin<Optimizer>("lion", {{"lr", 0.03}, {"weight_decay", 0.04}});
  Bench bench({tensor_of({3}, {0.5f, -0.25f, 1})});
  bench.step(*lion, {tensor_of({3}, {0.1f, -0.2f, 0})});
  check_close(bench.value(), {0.4694, -0.2197, 0.9988}, 1e-6);
  bench.step(*lion, {tensor_of({3}, {-0.8f, 0.1f, 0})}, 1);
  check_close(bench.value(), {0.4988367, -0.2494364, 0.9976014}, 1e-6);
  MemoryArchive archive;
  archive.save(*lion);
  check_close(archive.tensors("momenta")[0], {-0.00701, -0.00098, 0}, 1e-8);
}

TEST_CASE("muon: shape factor, decay, schedule and rising momentum", "[optimizers]") {
  Tensor tall({4, 3});
  transpose(wave(1), tall);
  auto muon = make_plugin<Optimizer>("muon", {{"lr", 0.1}, {"weight_decay", 0.5}});
  Bench bench({tensor_of({4, 3}, std::vector<float>(12, 2.0f))});
  bench.step(*muon, {tall}, 0, 0.5);  // rate 0.05: w (1 - 0.025) - 0.05 sqrt(4 / 3) NS(g)
  Tensor expected({4, 3});
  transpose(tensor_of({3, 4}, std::vector<float>(kOrthogonal.begin(), kOrthogonal.end())), expected);
  for (int i = 0; i < 12; ++i)
    CHECK(bench.value().data()[i] ==
          Approx(1.95 - 0.05 * std::sqrt(4.0 / 3) * expected.data()[i]).margin(1e-5));
  CHECK(ramp(0.92, 0.99, 0, 1500) == 0.92);
  CHECK(ramp(0.92, 0.99, 750, 1500) == Approx(0.955).epsilon(1e-12));
  CHECK(ramp(0.92, 0.99, 1500, 1500) == 0.99);
  CHECK(ramp(0.85, 0.95, 7, 0) == 0.95);
}

TEST_CASE("normuon: two updates, with second moments of rows", "[optimizers]") {
  auto normuon = make_plugin<Optimizer>("normuon", as_update({}));
  check_close(updated(*normuon, wave(1)),
              {0.8323634, -0.3041437, -0.3500545, 0.1960205, 0.3740483, -0.6084109, 0.2842709, -0.5961611,
               0.0910501, 0.51871, -0.2230322, -0.7868931});
  check_close(updated(*normuon, wave(2)),
              {0.2877662, -0.4795222, -0.5445476, 0.4065098, -0.4406353, -0.5337981, 0.4000425, -0.435923,
               0.7020644, -0.2195892, 0.1440708, -0.4366162});
  MemoryArchive archive;
  archive.save(*normuon);
  check_close(archive.tensors("squares")[0], {0.0189718, 0.019723, 0.0244695}, 1e-6);
  const float* m = archive.tensors("momenta")[0].data();
  check_close(tensor_of({4}, {m[0], m[1], m[2], m[3]}), {0.1071769, -0.0109317, -0.1340112, 0.0908728}, 1e-6);
}

TEST_CASE("adamw: two steps", "[optimizers]") {
  auto adamw = make_plugin<Optimizer>("adamw", {{"lr", 0.03}, {"weight_decay", 0.04}});
  Bench bench({tensor_of({3}, {0.5f, -0.25f, 1})});
  bench.step(*adamw, {tensor_of({3}, {0.1f, -0.2f, 1e-9f})});
  check_close(bench.value(), {0.4694, -0.2197, 0.9960727}, 1e-6);
  bench.step(*adamw, {tensor_of({3}, {0.3f, 0.1f, 2e-9f})}, 1);
  check_close(bench.value(), {0.4415759, -0.2113853, 0.9909278}, 1e-6);
}

TEST_CASE("optimizers: no gradient, no change; threads and restored state change no bits", "[optimizers]") {
  for (std::string name : {"adamw", "lion", "muon", "normuon"}) {
    INFO(name);
    Values values = {{"lr", 0.1}, {"weight_decay", 0.1}};
    auto one = make_plugin<Optimizer>(name, values);
    auto other = make_plugin<Optimizer>(name, values);
    std::vector<Tensor> starts, gradients;
    for (int i = 0; i < 4; ++i) {
      starts.push_back(random_tensor({i == 3 ? 401 : 33, i == 3 ? 333 : 31}, "starts"));
      gradients.push_back(i == 1 ? Tensor() : random_tensor(starts.back().shape(), "gradients"));
    }
    std::vector<Tensor> copies;
    for (const Tensor& start : starts) copies.push_back(clone(start));
    Bench here(copies);
    here.step(*one, gradients);
    CHECK(std::equal(here.value(1).data(), here.value(1).data() + 33 * 31, starts[1].data()));
    CHECK(here.value(0).data()[7] != starts[0].data()[7]);

    MemoryArchive archive;
    archive.save(*one);
    archive.load(*other);
    std::vector<Tensor> middle;
    for (size_t i = 0; i < 4; ++i) middle.push_back(clone(here.value(i)));
    Bench there(middle);
    here.step(*one, gradients, 1);
    set_thread_count(3);
    there.step(*other, gradients, 1);
    set_thread_count(1);
    for (size_t i = 0; i < 4; ++i)
      CHECK(std::equal(here.value(i).data(), here.value(i).data() + here.value(i).numel(),
                       there.value(i).data()));
  }
}
