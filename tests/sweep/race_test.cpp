// SPDX-License-Identifier: Apache-2.0
// Races: how alpha is spent, when an arm is over, and that a race goes on from its folder alone.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "report/ablation.h"
#include "report/sweep_tables.h"
#include "support/temporary_folder.h"
#include "sweep/race_state.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

constexpr double kMissing = kUnknown;

Race simple_race() { return {"obrien_fleming", 0.05, 0.05, {{2, 0.01, 0.6}, {4, 0.045, 0.955}}}; }

/// A race of three arms on disk: the baseline, one arm that is far better, one that is no better.
struct MadeUpRace {
  TemporaryFolder folder;
  const fs::path& path = folder.path();
  Plan plan;
  MadeUpRace() {
    plan.name = "made_up";
    plan.claim.emplace();
    plan.race = simple_race();
    plan.seeds = {5, 6, 7, 8};
    for (const char* label : {"baseline", "+good", "+idle"})
      plan.arms.push_back({label, plan.arms.empty() ? "baseline" : "grid", {}, {}, {}, {}, "", label});
    plan.runs = runs_of(plan, std::vector<size_t>{0, 1, 2}, std::vector<int64_t>{5, 6});
  }
  void finish(const PlannedRun& run) const {
    double noise = 0.001 * double((uint64_t(run.seed) * 7 + run.arm * 5) % 4);
    write(run, {{"status", "done"}, {"val_bpb", 1.2 + noise - (run.arm == 1 ? 0.1 : 0)}});
  }
  void write(const PlannedRun& run, const Json& summary) const {
    Json record = {{"group", plan.arms[run.arm].group}, {"seed", run.seed}, {"key", "0123456789abcdef"}};
    write_file(path / run.folder / "run.json", record.dump());
    write_file(path / run.folder / "summary.json", summary.dump());
  }
};

}  // namespace

TEST_CASE("alpha is spent as Lan and DeMets say", "[race]") {
  // 2 (1 - Phi(z / sqrt(t))) with z = 1.959964 for alpha 0.05, and 0.05 ln(1 + (e - 1) t).
  CHECK(spent("obrien_fleming", 0.05, 0.5) == Approx(2 * 0.5 * std::erfc(1.959964)).epsilon(1e-5));
  CHECK(spent("pocock", 0.05, 0.5) == Approx(0.05 * std::log(1.85914)).epsilon(1e-5));
  for (const char* spending : {"obrien_fleming", "pocock"}) {
    CHECK(spent(spending, 0.01, 1) == 0.01);
    CHECK(spent(spending, 0.01, 0.3) < spent(spending, 0.01, 0.6));
  }
}

TEST_CASE("the levels of a race are those of group sequential tables", "[race]") {
  // One arm, many seeds a look, three equal looks, one-sided 2.5%: z 3.710, 2.511, 1.993 for O'Brien and
  // Fleming's spending and 2.279, 2.295, 2.296 for Pocock's (Proschan, Lan and Wittes 2006, tables of Lan and
  // DeMets' bounds).
  auto z_of = [](const char* spending, size_t look) {
    Race race{spending, 0.025, 0, {{500}, {1000}, {1500}}};
    calibrate(race, 1, 2, true);
    return critical_t(1e6, race.looks[look].proved_at, Tail::greater);
  };
  CHECK(z_of("obrien_fleming", 0) == Approx(3.710).margin(0.15));
  CHECK(z_of("obrien_fleming", 1) == Approx(2.511).margin(0.03));
  CHECK(z_of("obrien_fleming", 2) == Approx(1.993).margin(0.02));
  for (size_t look = 0; look < 3; ++look) CHECK(z_of("pocock", look) == Approx(2.29).margin(0.03));
}

TEST_CASE("a race ends arm by arm", "[race]") {
  std::vector<ArmScores> arms = {{{1.0, 1.001, kMissing, kMissing}},
                                 {{0.9, 0.901, kMissing, kMissing}, true},
                                 {{1.0004, 1.0004, kMissing, kMissing}, true},
                                 {{0.998, 0.999, kMissing, kMissing}, true}};
  std::vector<Standing> now = stand(simple_race(), {Tail::less}, arms);
  CHECK(now[1].end == RaceEnd::proved);
  CHECK(now[1].at_look.high < 0);
  CHECK_FALSE(now[1].wants_seeds);
  CHECK(now[3].end == RaceEnd::open);
  CHECK(now[3].wants_seeds);
  CHECK(now[0].wants_seeds);
  for (size_t arm = 0; arm < 4; ++arm) CHECK(now[arm].seeds == 2);
  // Scores beyond the look that ended an arm change nothing.
  arms[1].scores[2] = 2.0;
  CHECK(stand(simple_race(), {Tail::less}, arms)[1].at_look.delta == now[1].at_look.delta);
  SECTION("the last look leaves no arm open") {
    for (size_t arm : {0, 3}) arms[arm].scores = {1.0, 1.001, 0.999, 1.0005};
    arms[2].scores = arms[0].scores;
    CHECK(stand(simple_race(), {Tail::less}, arms)[3].end == RaceEnd::undecided);
  }
  SECTION("a look waits for the runs that it counts") {
    arms[3].scores[1] = kMissing;
    CHECK(stand(simple_race(), {Tail::less}, arms)[1].end == RaceEnd::open);
  }
  SECTION("a failed run keeps its arm out and stops no other") {
    arms[3].scores[1] = kMissing;
    arms[3].failed_at = 1;
    now = stand(simple_race(), {Tail::less}, arms);
    CHECK(now[1].end == RaceEnd::proved);
    CHECK_FALSE(now[3].wants_seeds);
  }
  SECTION("an arm that is not claimed lends its noise only") {
    arms[3].claimed = false;
    now = stand(simple_race(), {Tail::less}, arms);
    CHECK_FALSE(now[3].wants_seeds);
    CHECK(now[3].end == RaceEnd::open);
  }
}

TEST_CASE("a race asks for the next look's runs once", "[race]") {
  MadeUpRace race;
  CHECK(next_runs(race.plan, race.path).empty());
  for (size_t i = 0; i + 1 < race.plan.runs.size(); ++i) race.finish(race.plan.runs[i]);
  CHECK(next_runs(race.plan, race.path).empty());
  race.finish(race.plan.runs.back());
  std::vector<PlannedRun> more = next_runs(race.plan, race.path);
  std::set<std::string> folders;
  for (const PlannedRun& run : more) folders.insert(run.folder);
  Ablation ablation = analyze(race.plan, race.path);
  CHECK(ablation.arms[1].race->end == RaceEnd::proved);
  bool idle_goes_on = ablation.arms[2].race->wants_seeds;
  CHECK(more.size() == (idle_goes_on ? 4 : 0));
  CHECK(folders.count("runs/good-s7") == 0);
  for (const PlannedRun& run : more) race.plan.runs.push_back(run);
  CHECK(next_runs(race.plan, race.path).empty());
}

TEST_CASE("a race is frozen in plan.json and told in the table", "[race]") {
  MadeUpRace race;
  for (const PlannedRun& run : race.plan.runs) race.finish(run);
  write_plan(race.plan, race.path);
  Plan again = read_plan(race.path);
  REQUIRE(again.race);
  CHECK(again.race->looks[1].proved_at == 0.045);
  CHECK(again.race->spending == "obrien_fleming");
  std::string text = render(analyze(again, race.path), "term");
  CHECK_THAT(text, Catch::Contains("proved at 2") && Catch::Contains("90% CI") && Catch::Contains("outcome"));
}
