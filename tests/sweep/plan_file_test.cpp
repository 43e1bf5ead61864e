// SPDX-License-Identifier: Apache-2.0
// plan.json: what is written comes back, files of older versions are read, and others are refused.
#include <caddie/error.h>

#include <boost/pfr/tuple_size.hpp>
#include <catch2/catch.hpp>
#include <filesystem>

#include "base/files.h"
#include "base/sealed_json.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "sweep/plan.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

const fs::path kOldPlan = source_folder() / "tests/fixtures/plans/race.json";

/// What write_plan makes of a plan.
Json written_by(const Plan& plan) {
  TemporaryFolder folder;
  write_plan(plan, folder.path());
  return read_sealed(plan_path(folder.path()));
}

Plan read_text(const std::string& text) {
  TemporaryFolder folder;
  folder.write("plan.json", text);
  return read_plan(folder.path());
}

/// A plan with something other than the default in every field.
Plan full_plan() {
  Plan plan;
  plan.name = "name";
  plan.question = "question?";
  plan.sweep_file = "sweep.toml";
  plan.base_file = "base.toml";
  plan.sweep_text = "seeds = [3]\n";
  plan.base_text = "seed = 1\n";
  plan.design = "fractional";
  plan.aliases = {"a = b"};
  plan.factors = {"a", "b"};
  plan.levels = {{"-a", "+a"}, {"b=1", "b=2"}};
  plan.claim.emplace();
  plan.claim->metric = "steps";
  plan.claim->direction = "max";
  plan.claim->margin = 0.5;
  plan.claim->margin_nats = 0.25;
  plan.claim->alpha = 0.125;
  plan.claim->test = "one_sample";
  plan.claim->correction = "none";
  plan.claim->target = 7.5;
  plan.claim->arms = {"+a"};
  plan.race = Race{"pocock", 0.125, 0.0625, {{2, 0.1, 0.9}, {4, 0.2, 0.8}}};
  plan.run.timeout_seconds = 90;
  plan.run.retries = 2;
  plan.run.order = "listed";
  plan.jobs = 2;
  plan.threads = 3;
  plan.seeds = {3, 9};
  Arm& arm = plan.arms.emplace_back();
  arm.label = "+a";
  arm.kind = "fractional";
  arm.overrides = {"a=1"};
  arm.levels = {1, 0};
  arm.techniques = {{"a", true}, {"b", false}};
  arm.params = {{"model.dim", "64"}};
  arm.experiment = "seed = 1  # default\n";
  arm.group = "group";
  arm.training = "train-1";
  arm.forks = {{10, "prefix-1"}, {20, "prefix-2"}};
  arm.observers = "observers";
  arm.steps = 300;
  arm.parameters = 1000;
  arm.memory_bytes = 1 << 30;
  arm.seconds = 60.5;
  arm.unpooled = "a seed was run twice";
  plan.runs.emplace_back();
  plan.runs[0] = {0, 9, "runs/a-s9"};
  plan.excluded = {{"+b", "why"}};
  plan.imported = ImportedRuns{{"two files are one"}};
  plan.history = Json::array({{{"at", "today"}}});
  return plan;
}

}  // namespace

TEST_CASE("plan.json has a member for every member of its structs", "[sweep]") {
  Json json = written_by(full_plan());
  // Where one of these fails, a member was added to the struct and not to its `fields` in plan_file.cpp.
  CHECK(json.size() == 1 + boost::pfr::tuple_size_v<Plan>);  // the schema
  CHECK(json["arms"][0].size() == boost::pfr::tuple_size_v<Arm>);
  CHECK(json["arms"][0]["forks"][0].size() == boost::pfr::tuple_size_v<Arm::Fork>);
  CHECK(json["runs"][0].size() == boost::pfr::tuple_size_v<PlannedRun>);
  CHECK(json["imported"].size() == boost::pfr::tuple_size_v<ImportedRuns>);
  CHECK(json["excluded"][0].size() == boost::pfr::tuple_size_v<Plan::Excluded>);
  CHECK(json["claim"].size() == boost::pfr::tuple_size_v<SweepClaim>);
  CHECK(json["race"].size() == boost::pfr::tuple_size_v<Race>);
  CHECK(json["race"]["looks"][0].size() == boost::pfr::tuple_size_v<Look>);
  CHECK(json["run"].size() == boost::pfr::tuple_size_v<RunSettings>);
}

TEST_CASE("every field of a plan comes back from plan.json, under its own name", "[sweep]") {
  Json json = written_by(full_plan());
  Plan plan = read_text(json.dump());
  CHECK(written_by(plan) == json);
  CHECK(json["arms"][0]["training"] == "train-1");
  CHECK(json["arms"][0]["memory_bytes"] == 1 << 30);
  CHECK(plan.arms.at(0).forks.at(1).prefix == "prefix-2");
  CHECK(plan.arms[0].techniques == std::map<std::string, bool>{{"a", true}, {"b", false}});
  CHECK(plan.claim->target == 7.5);
  CHECK(plan.race->looks.at(1).refuted_at == 0.8);
  CHECK(plan.run.timeout_seconds == 90);
  CHECK(plan.imported->notes == std::vector<std::string>{"two files are one"});
  CHECK(plan.arms[0].unpooled == "a seed was run twice");
  CHECK(plan.levels == full_plan().levels);
  CHECK(plan.history == full_plan().history);
}

TEST_CASE("a plan without a claim and a race has none in its file", "[sweep]") {
  Plan plan = full_plan();
  plan.claim.reset();
  plan.race.reset();
  Json json = written_by(plan);
  CHECK_FALSE(json.contains("claim"));
  CHECK_FALSE(json.contains("race"));
  Plan again = read_text(json.dump());
  CHECK_FALSE(again.claim);
  CHECK_FALSE(again.race);
  plan.claim.emplace();
  CHECK_FALSE(written_by(plan)["claim"].contains("target"));
}

TEST_CASE("the plan that an older Caddie wrote reads, and is written to the same bytes", "[sweep]") {
  std::string old = read_file(kOldPlan);
  Plan plan = read_text(old);
  CHECK(plan.design == "random");
  CHECK(plan.arms.at(1).label == "+trigram_hash");
  CHECK(plan.arms[1].steps == 300);
  CHECK(plan.race->looks.at(0).seeds == 2);
  CHECK(plan.excluded.size() == 2);
  TemporaryFolder folder;
  write_plan(plan, folder.path());
  CHECK((read_sealed(plan_path(folder.path())) == Json::parse(old)));
}

TEST_CASE("members that were added later have their defaults in files without them", "[sweep]") {
  Json json = written_by(full_plan());
  for (const char* name : {"levels", "jobs", "threads"}) json.erase(name);
  json["run"].erase("order");
  for (const char* name :
       {"training", "forks", "observers", "steps", "parameters", "memory_bytes", "seconds"})
    json["arms"][0].erase(name);
  Plan plan = read_text(json.dump());
  CHECK(plan.levels.empty());
  CHECK(plan.threads == 0);
  CHECK(plan.run.order == "shuffled");
  CHECK(plan.arms.at(0).group == "group");
  CHECK(plan.arms[0].forks.empty());
  CHECK(plan.arms[0].steps == 0);
}

TEST_CASE("what is no plan is refused with what is wrong in it", "[sweep]") {
  auto changed = [](const auto& change) {
    Json json = written_by(full_plan());
    change(json);
    return json.dump();
  };
  const std::string kWayOut =
      "; delete it and begin the sweep again: its runs that are done and still fit are kept";
  CHECK_THROWS_WITH(read_text("{"), Catch::Contains("plan.json: damaged: it is no JSON object" + kWayOut));
  CHECK_THROWS_WITH(
      read_text(R"({"status": 5})"),
      Catch::Contains("plan.json: not a plan of this version of caddie (member 'schema' is missing)" +
                      kWayOut));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["arms"] = Json::array(); })),
                    Catch::Contains("it has no arms"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["runs"][0]["arm"] = 7; })),
                    Catch::Contains("a run is of arm 7, and there are"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["runs"].push_back(json["runs"][0]); })),
                    Catch::Contains("two runs have the folder"));
  using namespace std::string_literals;
  for (const std::string& folder : {"../../x"s, ""s, "."s, "/tmp"s, "runs/../.."s, "runs/a\0b"s, "a\nb"s}) {
    INFO(folder);
    CHECK_THROWS_WITH(read_text(changed([&](Json& json) { json["runs"][0]["folder"] = folder; })),
                      Catch::Contains("is no folder below the sweep's"));
  }
  for (const char* name : {"..", "", "a/../b", "/tmp", "a\nb"}) {
    INFO(name);
    CHECK_THROWS_WITH(read_text(changed([&](Json& json) { json["name"] = name; })),
                      Catch::Contains("its name '") && Catch::Contains("cannot be that of a folder"));
  }
  CHECK(read_text(changed([](Json& json) { json["name"] = "noise/tiny"; })).name == "noise/tiny");
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["runs"][0]["arm"] = -1; })),
                    Catch::Contains("(runs: arm: -1 is no whole number from 0"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["runs"][0]["seed"] = -1; })),
                    Catch::Contains("a seed is -1, and must be 0 or more"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) {
                      json["seeds"] = {3, -2};
                    })),
                    Catch::Contains("a seed is -2, and must be 0 or more"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["seeds"] = Json::array(); })),
                    Catch::Contains("it has no seeds"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) {
                      json["arms"][0]["levels"] = {1, 2};
                    })),
                    Catch::Contains("arm '+a' has level 2 of a factor, and there are 2"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) {
                      json["arms"][0]["levels"] = {1, 0, 0};
                    })),
                    Catch::Contains("arm '+a' has 3 levels, and there are 2 factors"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["run"]["retries"] = -1; })),
                    Catch::Contains("retries, jobs and threads are 90, -1, 2 and 3"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json.erase("seeds"); })), Catch::Contains("'seeds'"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["arms"][0].erase("experiment"); })),
                    Catch::Contains("'experiment'"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["schema"] = 2; })),
                    Catch::Contains("its schema is 2, and this caddie reads 1"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["design"] = "spiral"; })),
                    Catch::Contains("it has no design 'spiral'"));
  CHECK_THROWS_WITH(read_text(changed([](Json& json) { json["arms"] = 3; })), Catch::Contains("not a plan"));
}
