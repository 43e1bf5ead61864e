// SPDX-License-Identifier: Apache-2.0
// Averagers: means by hand, when they begin, and published sequences where they are at hand.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "support/paths.h"
#include "support/plugins.h"
#include "tensor/safetensors.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

// One weight of three numbers that take the values step, 2 step, -step.
struct Walk {
  WeightInfo info = weight_info("w", {3});
  Progress progress;

  void update(Averager& averager, int64_t step, double scale = 1) {
    float x = float(step);
    std::vector<Weight> live = {{&info, tensor_of({3}, {x, 2 * x, -x}), {}}};
    progress.step = step;
    progress.lr_scale = scale;
    averager.update(live, progress);
  }
};

void check_average(const Averager& averager, double first) {
  REQUIRE(averager.average().size() == 1);
  const float* mean = averager.average()[0].data();
  CHECK(mean[0] == Approx(first).margin(1e-6));
  CHECK(mean[1] == Approx(2 * first).margin(1e-6));
  CHECK(mean[2] == Approx(-first).margin(1e-6));
}

}  // namespace

TEST_CASE("ema begins with the initial weights", "[averagers]") {
  auto ema = make_plugin<Averager>("ema", {{"decay", 0.75}});
  Walk walk;
  CHECK(ema->average().empty());
  walk.update(*ema, 0);
  check_average(*ema, 0);
  walk.update(*ema, 1);
  check_average(*ema, 0.25);
  walk.update(*ema, 2);
  check_average(*ema, 0.25 * 0.75 + 2 * 0.25);
}

TEST_CASE("ema can begin later", "[averagers]") {
  auto ema = make_plugin<Averager>("ema", {{"decay", 0.5}, {"start_step", 10.0}});
  Walk walk;
  for (int step = 0; step < 10; ++step) walk.update(*ema, step);
  CHECK(ema->average().empty());
  walk.update(*ema, 10);
  check_average(*ema, 10);
  walk.update(*ema, 11);
  check_average(*ema, 10.5);
}

TEST_CASE("swa: below the start, at multiples, from the second snapshot on", "[averagers]") {
  auto swa = make_plugin<Averager>("swa", {{"every", 2.0}, {"start_frac", 0.5}});
  Walk walk;
  walk.update(*swa, 0, 0);
  walk.update(*swa, 2, 0.5);  // not below
  walk.update(*swa, 4, 0.4);
  CHECK(swa->average().empty());
  walk.update(*swa, 5, 0.3);
  CHECK(swa->average().empty());
  walk.update(*swa, 6, 0.3);
  check_average(*swa, 5);
  walk.update(*swa, 8, 0.1);
  check_average(*swa, 6);
}

TEST_CASE("swa sums embedding tables in bfloat16 when asked", "[averagers]") {
  for (Role role : {Role::kEmbedding, Role::kMatrix}) {
    auto swa = make_plugin<Averager>("swa", {{"every", 1.0}, {"accumulate", "param_dtype"}});
    Walk walk;
    walk.info.role = role;
    walk.update(*swa, 256, 0);
    walk.update(*swa, 1, 0);  // 257 does not fit eight bits of fraction: it becomes 256
    CHECK(swa->average()[0].data()[0] == (role == Role::kEmbedding ? 128.0f : 128.5f));
  }
}

TEST_CASE("lawa keeps the latest k snapshots", "[averagers]") {
  auto lawa = make_plugin<Averager>("lawa", {{"k", 3.0}, {"every", 5.0}});
  Walk walk;
  for (int step = 0; step <= 9; ++step) walk.update(*lawa, step);
  CHECK(lawa->average().empty());
  walk.update(*lawa, 10);
  check_average(*lawa, 7.5);
  for (int step : {15, 20, 25}) walk.update(*lawa, step);
  check_average(*lawa, 20);
}

TEST_CASE("averagers: a restored state goes on identically", "[averagers]") {
  for (const std::string name : {"ema", "swa", "lawa"}) {
    Values values;
    if (name != "ema") values = {{"every", 1.0}};
    auto one = make_plugin<Averager>(name, values);
    auto other = make_plugin<Averager>(name, values);
    Walk walk;
    for (int step = 0; step < 14; ++step) walk.update(*one, step, 0.1);
    MemoryArchive archive;
    archive.save(*one);
    archive.load(*other);
    for (Averager* averager : {one.get(), other.get()}) walk.update(*averager, 14, 0.1);
    INFO(name);
    REQUIRE(other->average().size() == 1);
    for (int i = 0; i < 3; ++i) CHECK(one->average()[0].data()[i] == other->average()[0].data()[i]);
  }
}

TEST_CASE("averagers agree with published sequences", "[averagers][parity]") {
  std::filesystem::path folder = source_folder() / "../shared/parity";
  if (!exists(folder)) {
    WARN("skipped: there is no " << folder);
    return;
  }
  for (std::string name : {"av_ema", "av_swa"}) {
    Json sheet = Json::parse(std::ifstream(folder / name / "case.json"));
    SafetensorsFile given((folder / name / "weights.safetensors").string());
    SafetensorsFile wanted((folder / name / "expected.safetensors").string());
    std::string kind = sheet["averager"];
    auto averager =
        kind == "ema"
            ? make_plugin<Averager>("ema", {{"decay", sheet["config"]["ema_decay"].get<double>()}})
            : make_plugin<Averager>("swa", {{"every", sheet["config"]["swa_every"].get<double>()},
                                            {"start_frac", sheet["config"]["swa_start_frac"].get<double>()}});
    std::vector<WeightInfo> infos;
    std::vector<Tensor> all;
    for (const std::string& weight : given.names()) {
      infos.push_back(weight_info(weight, {}));
      all.push_back(given.floats(weight));
    }
    int64_t snapshots = all[0].shape()[0];
    for (int64_t step = 0; step < snapshots; ++step) {
      std::vector<Weight> live;
      for (size_t i = 0; i < all.size(); ++i) {
        int64_t count = all[i].numel() / snapshots;
        live.push_back({&infos[i], Tensor({count}, all[i].data() + step * count, Device::kCpu), {}});
      }
      Progress progress;
      progress.step = step;
      if (step > 0 && kind == "swa") progress.lr_scale = sheet["lr_scale_per_step"][size_t(step) - 1];
      averager->update(live, progress);
    }
    for (size_t i = 0; i < infos.size(); ++i) {
      std::vector<double> expected = wanted.doubles(kind + "." + infos[i].name);
      for (size_t j = 0; j < expected.size(); ++j)
        CHECK(averager->average()[i].data()[j] ==
              Approx(expected[j]).margin(sheet["tolerance"]["abs"].get<double>()));
    }
  }
}
