// SPDX-License-Identifier: Apache-2.0
// What each kind of plugin promises by itself, asked of all plugins in the registry with default settings.
#include <caddie/linalg.h>
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "support/arrays.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

std::vector<Tensor> clones(std::span<const Tensor> tensors) {
  std::vector<Tensor> copies;
  for (const Tensor& tensor : tensors) copies.push_back(clone(tensor));
  return copies;
}

/// Weights of some shapes, pulled towards zero: the gradient is the weight itself.
struct Bowl {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;

  explicit Bowl(const std::vector<Shape>& shapes) {
    for (const Shape& shape : shapes) {
      infos.push_back(weight_info("w" + std::to_string(infos.size()), shape));
      values.push_back(random_tensor(shape, "start"));
    }
  }
  std::vector<Weight> weights() const {
    std::vector<Weight> all;
    for (size_t i = 0; i < values.size(); ++i) all.push_back({&infos[i], values[i], clone(values[i])});
    return all;
  }
  double height() const {
    double sum = 0;
    for (const Tensor& value : values) sum += squared_norm(value);
    return sum;
  }
};

std::vector<std::string> byte_strings() {
  std::string noise, steps;
  Rng rng(7, "noise");
  for (int i = 0; i < 10007; ++i) noise += char(rng.bits());
  for (int i = 0; i < 10007; ++i) steps += char(i / 97);
  return {"", "a", std::string(1, '\0'), noise.substr(0, 77), noise, steps, std::string(100000, 'x')};
}

/// Quantized matrices, of which each integer other than zero takes a byte.
struct SparsePackage final : Package {
  std::vector<WeightInfo> infos;
  std::vector<Packed> packed;
  std::vector<PackedWeight> all;
  int64_t limit = 0;

  SparsePackage() {
    for (int64_t rows : {1, 7, 31}) {
      infos.push_back(weight_info("w" + std::to_string(rows), {rows, 33}));
      Tensor weight = random_tensor({rows, 33}, "weight");
      packed.push_back(
          make_plugin<Quantizer>("absmax", {{"bits", 3.0}})->pack(weight, infos.back(), nullptr));
    }
    for (size_t i = 0; i < infos.size(); ++i) all.push_back({&infos[i], &packed[i]});
  }
  std::span<const PackedWeight> weights() override { return all; }
  int64_t bytes() override {
    int64_t count = 0;
    for (const Packed& arrays : packed)
      for (char c : arrays[0].bytes) count += c != 0;
    return count;
  }
  int64_t limit_bytes() const override { return limit; }
};

/// How far from a random weight what comes back may be: those who store fewer than four bits a number in all,
/// scales included, may be coarse.
double allowed_error(const Packed& packed, const Tensor& weight) {
  double bits = 0;
  for (const Array& array : packed)
    if (array.name != "layout") bits += 8 * double(array.bytes.size());
  return bits < 4 * double(weight.numel()) ? 0.7 : 0.1;
}

}  // namespace

TEST_CASE("activations keep the shape and have the right gradient", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kActivation))
    for (const Shape& shape : {Shape{1, 1, 1}, Shape{2, 3, 77}}) {
      INFO(name);
      PluginHost host(name);
      auto apply = [&] { return host.as<Activation>().apply(host.input(0)); };
      std::vector<Tensor> inputs = host.random_weights({random_tensor(shape, "x")});
      CHECK(run(apply, inputs).shape() == shape);
      check_gradients(apply, inputs);
    }
}

TEST_CASE("heads give logits and have the right gradient", "[conformance]") {
  const std::vector<int32_t> ids = {1, 5, 0, 6, 2, 2};
  ModelShape model{.vocabulary = 7, .layers = 2, .width = 33, .heads = 3, .kv_heads = 3, .head_size = 11};
  for (const std::string& name : plugins_of(Kind::kHead)) {
    INFO(name);
    PluginHost host(name, {}, model);
    auto logits = [&] {
      TestForward forward(model, {ids.data(), 2, 3});
      forward.token_table = host.input(1);
      return host.as<Head>().logits(forward, host.input(0));
    };
    std::vector<Tensor> inputs =
        host.random_weights({random_tensor({2, 3, 33}, "x"), random_tensor({7, 33}, "tokens")});
    CHECK(run(logits, inputs).shape() == Shape{2, 3, 7});
    check_gradients(logits, inputs);
  }
}

TEST_CASE("initializers draw finite numbers from the stream they are given", "[conformance]") {
  ModelShape model{.vocabulary = 31, .layers = 3, .width = 77};
  for (const std::string& name : plugins_of(Kind::kInitializer)) {
    INFO(name);
    auto filled = [&](const Shape& shape, Place place, const char* stream) {
      WeightInfo info = weight_info("w", shape);
      info.place = place;
      Tensor weight = random_tensor(shape, "what was there before");
      Rng rng(7, stream);
      make_plugin<Initializer>(name)->fill(weight, info, model, rng);
      return weight;
    };
    int varied = 0;
    for (const Shape& shape : {Shape{1, 1}, Shape{33, 77}, Shape{96, 64}})
      for (int place = 0; place <= int(Place::kHead); ++place) {
        Tensor weight = filled(shape, Place(place), "one");
        CHECK(weight.shape() == shape);
        CHECK(finite(weight));
        CHECK(same_bits(weight, filled(shape, Place(place), "one")));
        varied += !same_bits(weight, filled(shape, Place(place), "other"));
      }
    CHECK(varied > 0);  // places that start at zero do not vary
  }
}

TEST_CASE("optimizers descend, and go on from a restored state to the same bits", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kOptimizer)) {
    INFO(name);
    Bowl bowl({{32, 16}, {16, 33}}), copy = bowl;
    auto optimizer = make_plugin<Optimizer>(name), restored = make_plugin<Optimizer>(name);
    double start = bowl.height();
    Progress progress{.steps = 40};
    auto step = [&](Optimizer& by, Bowl& in) {
      std::vector<Weight> weights = in.weights();
      by.step(weights, progress);
    };
    for (; progress.step < 20; ++progress.step) step(*optimizer, bowl);
    CHECK(bowl.height() < start);

    MemoryArchive archive;
    archive.save(*optimizer);
    archive.load(*restored);
    copy.values = clones(bowl.values);
    for (; progress.step < 25; ++progress.step) {
      step(*optimizer, bowl);
      step(*restored, copy);
    }
    CHECK(same_bits(bowl.values, copy.values));
  }
}

TEST_CASE("optimizers multiply the learning rate by the factor of each weight", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kOptimizer)) {
    INFO(name);
    Bowl slow({{32, 16}, {16, 33}}), half = slow, mixed = slow;
    auto take_steps = [&](Bowl& bowl, double lr, std::vector<double> factors) {
      auto optimizer = make_plugin<Optimizer>(name, {{"lr", lr}, {"weight_decay", 0.5}});
      Progress progress{.steps = 40};
      for (; progress.step < 3; ++progress.step) {
        std::vector<Weight> weights = bowl.weights();
        for (size_t i = 0; i < weights.size(); ++i) weights[i].lr_factor = factors[i];
        optimizer->step(weights, progress);
      }
    };
    std::vector<Tensor> start = clones(slow.values);
    slow.values = clones(start);
    half.values = clones(start);
    mixed.values = clones(start);
    take_steps(slow, 0.0625, {1, 1});
    take_steps(half, 0.125, {0.5, 0.5});  // Powers of two leave no rounding.
    take_steps(mixed, 0.125, {0, 0.5});
    CHECK(same_bits(slow.values, half.values));
    CHECK(caddie::same_bits(mixed.values[0], start[0]));
    CHECK(caddie::same_bits(mixed.values[1], half.values[1]));
  }
}

TEST_CASE("rate factors are finite and not negative", "[conformance]") {
  ModelShape model = each_layer_once({.vocabulary = 31, .layers = 4, .width = 77});
  for (const std::string& name : plugins_of(Kind::kRateFactor)) {
    INFO(name);
    auto rate = make_plugin<RateFactor>(name);
    WeightInfo info = weight_info("w", {2, 2});
    const WeightInfo* claimed[] = {&info};
    rate->validate({model, claimed});
    for (info.layer = -1; info.layer < model.layers; ++info.layer)
      for (Progress at{.steps = 10}; at.step < 10; ++at.step) {
        double factor = rate->factor(info, model, at);
        CHECK(std::isfinite(factor));
        CHECK(factor >= 0);
      }
  }
}

TEST_CASE("schedules stay between nothing and the full rate", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kSchedule))
    for (double budget_seconds : {0.0, 100.0}) {
      INFO(name << " with a budget of " << budget_seconds << " s");
      auto schedule = make_plugin<Schedule>(name);
      Progress progress{.steps = budget_seconds > 0 ? 20000 : 2000, .budget_seconds = budget_seconds};
      double largest = 0;
      for (; progress.step < 2000; ++progress.step, progress.seconds += 0.05) {
        double scale = schedule->scale(progress);
        bool within = scale >= 0 && scale <= 1;  // a number that is none fails too
        if (!within) FAIL_CHECK("scale " << scale << " in step " << progress.step);
        largest = std::max(largest, scale);
      }
      CHECK(largest > 0);
    }
}

TEST_CASE("averagers give constant weights back and go on from a restored state", "[conformance]") {
  constexpr int kSteps = 600;
  const std::vector<Shape> shapes = {{3, 5}, {7}};
  auto update = [](Averager& averager, const Bowl& bowl, int64_t step) {
    averager.update(bowl.weights(), {.step = step, .steps = kSteps, .lr_scale = 1 - double(step) / kSteps});
  };
  for (const std::string& name : plugins_of(Kind::kAverager)) {
    INFO(name);
    Bowl constant(shapes);
    auto averager = make_plugin<Averager>(name);
    for (int step = 0; step <= kSteps; ++step) update(*averager, constant, step);
    REQUIRE(averager->average().size() == shapes.size());
    for (size_t i = 0; i < shapes.size(); ++i)  // rounding adds up over the steps
      CHECK(relative_error(averager->average()[i], constant.values[i]) < 1e-5);

    Bowl moving(shapes);
    auto one = make_plugin<Averager>(name), other = make_plugin<Averager>(name);
    for (int step = 0; step <= kSteps; ++step) {
      for (Tensor& value : moving.values) value.data()[step % value.numel()] += 0.1f;
      if (step == kSteps / 2 + 1) {
        MemoryArchive archive;
        archive.save(*one);
        archive.load(*other);
      }
      update(*one, moving, step);
      if (step > kSteps / 2) update(*other, moving, step);
    }
    CHECK(same_bits(one->average(), other->average()));
  }
}

TEST_CASE("quantizers come close, to the same bytes, and closer the second time", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kQuantizer))
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{77}, Shape{1, 32}, Shape{31, 33}}) {
      INFO(name << " on " << shape.text());
      WeightInfo info = weight_info("w", shape, shape.rank() == 2 ? Role::kMatrix : Role::kVector);
      Tensor weight = random_tensor(shape, "weight"), once(shape), twice(shape);
      auto quantizer = make_plugin<Quantizer>(name);
      Packed packed = quantizer->pack(weight, info, nullptr);
      for (const Array& array : packed)
        CHECK(int64_t(array.bytes.size()) == array.shape.numel() * bytes_of(array.type));
      CHECK(same_arrays(packed, make_plugin<Quantizer>(name)->pack(weight, info, nullptr)));
      make_plugin<Quantizer>(name)->unpack(packed, once);  // all it needs is in the arrays
      double error = relative_error(once, weight);
      CHECK(error < allowed_error(packed, weight));
      quantizer->unpack(quantizer->pack(once, info, nullptr), twice);
      CHECK(relative_error(twice, once) <= error);

      Tensor zeros(shape), back = random_tensor(shape, "what was there before");
      quantizer->unpack(quantizer->pack(zeros, info, nullptr), back);
      CHECK(same_bits(back, zeros));
    }
}

TEST_CASE("quantizers that read second moments give the same bytes for the same ones", "[conformance]") {
  Tensor weight = random_tensor({31, 33}, "weight"), inputs = random_tensor({33, 99}, "inputs"),
         moments({33, 33});
  multiply_by_own_transpose(inputs, moments);
  WeightInfo info = weight_info("w", weight.shape());
  int wanting = 0;
  for (const std::string& name : plugins_of(Kind::kQuantizer)) {
    INFO(name);
    auto quantizer = make_plugin<Quantizer>(name);
    Packed packed = quantizer->pack(weight, info, &moments);
    CHECK(same_arrays(packed, make_plugin<Quantizer>(name)->pack(weight, info, &moments)));
    CHECK(same_arrays(packed, quantizer->pack(weight, info, nullptr)) != quantizer->wants_hessian());
    Tensor back(weight.shape());
    quantizer->unpack(packed, back);
    CHECK(relative_error(back, weight) < allowed_error(packed, weight));
    wanting += quantizer->wants_hessian();
  }
  CHECK(wanting > 0);
}

TEST_CASE("pruners take entries away and touch no other, twice to the same bits", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kPruner))
    for (const Shape& shape : {Shape{}, Shape{77}, Shape{31, 33}, Shape{300, 301}}) {
      INFO(name << " on " << shape.text());
      WeightInfo info = weight_info("w", shape, shape.rank() == 2 ? Role::kMatrix : Role::kVector);
      Tensor weight = random_tensor(shape, "weight"), once = clone(weight), again = clone(weight);
      make_plugin<Pruner>(name)->prune(once, info);
      make_plugin<Pruner>(name)->prune(again, info);
      CHECK(same_bits(once, again));
      int64_t taken = 0;
      for (int64_t i = 0; i < weight.numel(); ++i)
        if (once.data()[i] != weight.data()[i]) {
          taken += 1;
          CHECK(once.data()[i] == 0);
        }
      CHECK((taken > 0) >= (weight.numel() > 1 << 16));
      CHECK(taken < weight.numel());
    }
}

TEST_CASE("trimmers reach the limit, and leave alone what fits", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kTrimmer)) {
    SparsePackage untouched, fitting, one, other;
    int64_t whole = untouched.bytes();
    fitting.limit = whole;
    make_plugin<Trimmer>(name)->trim(fitting);
    for (int64_t less : {1, 33, 200}) {
      INFO(name << " by " << less);
      one.limit = other.limit = whole - less;
      for (SparsePackage* package : {&one, &other}) make_plugin<Trimmer>(name)->trim(*package);
      CHECK(one.bytes() <= one.limit);
      for (size_t i = 0; i < one.packed.size(); ++i) {
        CHECK(same_arrays(fitting.packed[i], untouched.packed[i]));
        CHECK(same_arrays(one.packed[i], other.packed[i]));
        for (size_t k = 0; k < one.packed[i].size(); ++k) {
          CHECK(one.packed[i][k].shape == untouched.packed[i][k].shape);
          CHECK(one.packed[i][k].bytes.size() == untouched.packed[i][k].bytes.size());
        }
      }
    }
  }
}

TEST_CASE("compressors give all bytes back and refuse damaged ones", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kCompressor)) {
    auto compressor = make_plugin<Compressor>(name);
    for (const std::string& bytes : byte_strings()) {
      INFO(name << " on " << bytes.size() << " bytes");
      std::string small = compressor->compress(bytes);
      CHECK(small == make_plugin<Compressor>(name)->compress(bytes));
      CHECK((make_plugin<Compressor>(name)->expand(small, bytes.size()) == bytes));

      CHECK_THROWS_AS(compressor->expand(small.substr(0, small.size() - 1), bytes.size()), Error);
      CHECK_THROWS_AS(compressor->expand(small.substr(0, small.size() / 2), bytes.size()), Error);
      CHECK_THROWS_AS(compressor->expand(small + "?", bytes.size()), Error);
      CHECK_THROWS_AS(compressor->expand(small, bytes.size() + 1), Error);
      // A format without a checksum cannot know that one bit was turned, but must come to an end.
      for (size_t i = 0; i < small.size(); i += 1 + small.size() / 31) {
        std::string turned = small;
        turned[i] = char(turned[i] ^ 4);
        size_t size = bytes.size();
        try {
          size = compressor->expand(turned, size).size();
        } catch (const Error&) {
        }
        CHECK(size == bytes.size());
      }
    }
  }
}

TEST_CASE("compressors refuse a size that is too small", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kCompressor))
    for (const std::string& bytes : byte_strings()) {
      if (bytes.empty()) continue;
      INFO(name << " on " << bytes.size() << " bytes");
      auto compressor = make_plugin<Compressor>(name);
      CHECK_THROWS_AS(compressor->expand(compressor->compress(bytes), bytes.size() - 1), Error);
    }
}
