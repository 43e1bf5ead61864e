// SPDX-License-Identifier: Apache-2.0
// What caddie describe knows: every section, metric and column, each with a meaning.
#include "report/reference.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "report/ablation.h"
#include "report/sweep_tables.h"
#include "results/metrics.h"

using namespace caddie;

namespace {

const SettingInfo& setting(const Topic& topic, const std::string& name) {
  auto found = std::find_if(topic.settings.begin(), topic.settings.end(),
                            [&](const SettingInfo& info) { return info.name == name; });
  REQUIRE(found != topic.settings.end());
  return *found;
}

}  // namespace

TEST_CASE("every topic says what it is", "[reference]") {
  for (const Topic& topic : reference()) {
    INFO(name_of(topic.kind) << " " << topic.name);
    CHECK(topic.help.size() >= 4);
    for (const SettingInfo& info : topic.settings) {
      INFO(info.name);
      CHECK(info.help.size() >= 4);
      CHECK(!info.type.empty());
    }
  }
}

TEST_CASE("a section lists its settings with type, default and range", "[reference]") {
  std::vector<Topic> train = topics_called("train");
  REQUIRE(train.size() == 1);
  CHECK(train[0].kind == Topic::Kind::kExperimentSection);
  CHECK(setting(train[0], "clip_norm").default_text == "0.0");
  REQUIRE(topics_called("claim").size() == 1);
  CHECK_THAT(setting(topics_called("claim")[0], "metric").range, Catch::Contains("val_bpb, val_loss_nats"));
  for (const char* name : {"model", "data", "budget", "export", "export.calibration", "race", "run"}) {
    INFO(name);
    std::vector<Topic> topics = topics_called(name);
    CHECK(std::count_if(topics.begin(), topics.end(),
                        [](const Topic& topic) { return !topic.settings.empty(); }) == 1);
  }
}

TEST_CASE("a section is listed once, whatever slots share it, and a setting is found by its path",
          "[reference]") {
  std::set<std::string> sections;
  for (const Topic& topic : reference())
    if (topic.kind == Topic::Kind::kExperimentSection) CHECK(sections.insert(topic.name).second);
  CHECK_THAT(topics_called("techniques").at(0).help, Catch::Contains("modifier") && Catch::Contains("mlp"));
  std::vector<Topic> clip = topics_called("train.clip_norm");
  REQUIRE(clip.size() == 1);
  CHECK(clip[0].name == "train");
  REQUIRE(clip[0].settings.size() == 1);
  CHECK(clip[0].settings[0].name == "clip_norm");
  CHECK(topics_called("train.no_such_thing").empty());
}

TEST_CASE("a metric is described with unit, direction and place", "[reference]") {
  std::vector<Topic> found = topics_called("tok_s");
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == Topic::Kind::kMetric);
  CHECK(json_of(found[0]).at("better") == "higher");
  CHECK(json_of(found[0]).at("unit") == "tokens/s");
  CHECK(json_of(topics_called("lr_scale").at(0)).at("in") == "metrics.csv");
}

TEST_CASE("every column of every table is described", "[reference]") {
  Plan plan;
  plan.arms.push_back({"baseline", "baseline", {}, {}, {{"x0", true}}, {{"model.dim", "64"}}, "", "g"});
  Ablation ablation = analyze(plan, "/nonexistent");
  for (const TextTable& table : {runs_table(ablation), ablation_table(ablation), readable_table(ablation)})
    for (const std::string& name : table.head) {
      INFO(name);
      CHECK(!topics_called(name).empty());
    }
}

TEST_CASE("a name stands for a pattern only where nothing has it", "[reference]") {
  REQUIRE(topics_called("tech.x0").size() == 1);
  CHECK(topics_called("tech.x0")[0].name == "tech.<label>");
  CHECK(topics_called("tech.").empty());
  CHECK(topics_called("val_bpb_raw").at(0).name == "val_bpb_raw");
  CHECK(topics_called("no_such_thing").empty());
}
