// SPDX-License-Identifier: Apache-2.0
// Techniques that compare weights: which weights they see, what of their answers is refused, and what is told
// of those that change nothing.
#include "export/across.h"

#include <caddie/quantize.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "export/quantize.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// Rounds to whole numbers, or to tenths in fine columns.
struct Rounder final : Quantizer {
  int bits = 4;
  int raisable_bits() const override { return bits; }
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor* hessian) override {
    return pack_finer(weight, info, hessian, {});
  }
  Packed pack_finer(const Tensor& weight, const WeightInfo& info, const Tensor*,
                    const FineColumns& fine) override {
    Tensor rounded = clone(weight);
    int64_t columns = weight.shape().last();
    for (int64_t i = 0; i < rounded.numel(); ++i) {
      float step = 1;
      for (const Columns& some : fine.columns)
        if (i % columns >= some.begin && i % columns < some.end) step = 0.1f;
      rounded.data()[i] = step * std::nearbyint(rounded.data()[i] / step);
    }
    return pack_floats(rounded, info, Type::kFloat32);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_floats(packed, weight); }
};

/// Gives the columns that a test says to the weight of that name.
struct Chooser final : Allocator {
  std::map<std::string, FineColumns> choice;
  std::vector<std::string> seen;
  std::vector<FineColumns> choose(std::span<const CalibratedWeight> weights) override {
    std::vector<FineColumns> chosen;
    for (const CalibratedWeight& weight : weights) {
      seen.push_back(weight.info->name);
      chosen.push_back(choice[weight.info->name]);
    }
    return chosen;
  }
  int64_t extra_bytes(std::span<const CalibratedWeight>) const override { return 0; }
};

/// Adds a share of what the weight with the name "w1" lost; none for the others.
struct Share final : Corrector {
  float share = 0.5f;
  std::string name = "w1";
  std::vector<Packed> pack(std::span<const RestoredWeight> weights) override {
    std::vector<Packed> all;
    for (const RestoredWeight& weight : weights) {
      all.emplace_back();
      if (weight.info->name != name) continue;
      Tensor lost = clone(weight.weight);
      for (int64_t i = 0; i < lost.numel(); ++i)
        lost.data()[i] = share * (lost.data()[i] - weight.restored.data()[i]);
      all.back() = pack_floats(lost, *weight.info, Type::kFloat32);
    }
    return all;
  }
  void correct(const Packed& packed, Tensor& weight) const override {
    std::vector<float> lost = floats_of(packed.at(0));
    check(int64_t(lost.size()) == weight.numel(), "share: other arrays");
    for (size_t i = 0; i < lost.size(); ++i) weight.data()[i] += lost[i];
  }
  int64_t extra_bytes(std::span<const WeightInfo* const>) const override { return 0; }
};

Routed route(const std::string& name, std::shared_ptr<Plugin> object, std::vector<int> weights) {
  Routed routed;
  routed.technique.label = routed.technique.plugin = name;
  routed.technique.object = std::move(object);
  routed.weights = std::move(weights);
  return routed;
}

/// Two matrices [2,4] whose inputs are known, one of which nothing is known, and a vector.
struct Scene {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;
  Calibration calibration;
  std::vector<Routed> allocators, quantizers, correctors;
  std::vector<NoEffect> idle;

  Scene() {
    for (int i = 0; i < 4; ++i) {
      Shape shape = i < 3 ? Shape{2, 4} : Shape{4};
      infos.push_back(weight_info("w" + std::to_string(i), shape));
      values.push_back(random_tensor(shape, infos.back().name.c_str(), 3));
      calibration.hessians.emplace_back();
      calibration.input_rms.push_back(i != 2 ? random_tensor({4}, "rms") : Tensor());
    }
    quantizers.push_back(route("rounder", std::make_shared<Rounder>(), {0, 1, 2, 3}));
  }
  Packers packers() const { return {allocators, quantizers, correctors}; }
  std::shared_ptr<Chooser> add_chooser() {
    auto chooser = std::make_shared<Chooser>();
    allocators.push_back(route("chooser" + std::to_string(allocators.size()), chooser, {0, 1, 2, 3}));
    return chooser;
  }
  std::shared_ptr<Share> add_share() {
    auto share = std::make_shared<Share>();
    correctors.push_back(route("share", share, {0, 1, 2}));
    return share;
  }
  std::vector<FineColumns> chosen() { return allocate(infos, values, packers(), calibration, idle); }
  Artifact artifact() {
    std::vector<FineColumns> fine = chosen();
    Artifact made = quantize(infos, values, quantizers, {}, {}, fine);
    correct(made, infos, values, packers(), idle);
    return made;
  }
  double error(const Artifact& artifact, size_t weight) const {
    Tensor back = dequantize(artifact, infos, quantizers, correctors)[weight];
    for (int64_t i = 0; i < back.numel(); ++i) back.data()[i] -= values[weight].data()[i];
    return squared_norm(back);
  }
};

}  // namespace

TEST_CASE("allocators see matrices whose inputs are known, and their columns get finer", "[export]") {
  Scene scene, without;
  auto chooser = scene.add_chooser();
  chooser->choice["w1"] = {{{1, 3}}, 8};
  double fine = scene.error(scene.artifact(), 1), coarse = without.error(without.artifact(), 1);
  CHECK(chooser->seen == std::vector<std::string>{"w0", "w1"});
  CHECK(fine < coarse);
  CHECK(scene.error(scene.artifact(), 0) == without.error(without.artifact(), 0));
  CHECK(scene.idle.empty());
}

TEST_CASE("an allocator that chooses nothing, or has nothing to choose from, is told", "[export]") {
  Scene scene;
  scene.add_chooser();
  scene.chosen();
  REQUIRE(scene.idle.size() == 1);
  CHECK((scene.idle[0].entirely && scene.idle[0].kind == Kind::kAllocator));
  CHECK(scene.idle[0].reason == "it gave no columns more bits");
  static_cast<Rounder&>(*scene.quantizers[0].technique.object).bits = 0;
  scene.chosen();
  CHECK_THAT(scene.idle.at(1).reason, Contains("claims no matrix"));
}

TEST_CASE("columns that are none, overlap, or get no more bits are refused", "[export]") {
  for (const FineColumns& wrong :
       {FineColumns{{{0, 5}}, 8}, FineColumns{{{2, 2}}, 8}, FineColumns{{{-1, 2}}, 8},
        FineColumns{{{0, 2}, {1, 3}}, 8}, FineColumns{{{0, 2}}, 4}, FineColumns{{{0, 2}}, 9}}) {
    Scene scene;
    scene.add_chooser()->choice["w0"] = wrong;
    CHECK_THROWS_WITH(scene.chosen(), Contains("w0") && Contains("chooser0"));
  }
  Scene scene;
  scene.add_chooser()->choice["w0"] = {{{0, 2}}, 8};
  scene.add_chooser()->choice["w0"] = {{{2, 4}}, 8};
  CHECK_THROWS_WITH(scene.chosen(), Contains("chooser1: another allocator has chosen columns of w0"));
}

TEST_CASE("correctors see what is restored so far, and are applied in turn", "[export]") {
  Scene once, twice, without;
  once.add_share();
  twice.add_share();
  twice.add_share();
  double none = without.error(without.artifact(), 1);
  CHECK(once.error(once.artifact(), 1) == Approx(none / 4));
  CHECK(twice.error(twice.artifact(), 1) == Approx(none / 16));
  CHECK(once.artifact().tensors[0].corrections.empty());
  CHECK(twice.artifact().tensors[1].corrections.size() == 2);
  CHECK(once.idle.empty());
  once.correctors.clear();
  CHECK_THROWS_WITH(once.error(twice.artifact(), 1), Contains("corrector 'share' is not part"));
}

TEST_CASE("a correction that corrects nothing is told", "[export]") {
  Scene none, nothing, worse;
  none.add_share()->name = "other";
  none.artifact();
  REQUIRE(none.idle.size() == 1);
  CHECK((none.idle[0].entirely && none.idle[0].kind == Kind::kCorrector));
  CHECK(none.idle[0].reason == "it corrected none of its weights");
  nothing.add_share()->share = 0;
  worse.add_share()->share = -1;
  for (Scene* scene : {&nothing, &worse}) {
    scene->artifact();
    REQUIRE(scene->idle.size() == 1);
    CHECK_THAT(scene->idle[0].reason, Contains("no nearer"));
  }
}

TEST_CASE("a quantizer that gives all columns the same bits says so", "[export]") {
  Tensor weight = random_tensor({2, 4}, "weight");
  auto absmax = make_plugin<Quantizer>("absmax");
  CHECK(absmax->raisable_bits() == 0);
  CHECK_THROWS_WITH(absmax->pack_finer(weight, weight_info("w", {2, 4}), nullptr, {{{0, 1}}, 8}),
                    Contains("the same bits"));
}
