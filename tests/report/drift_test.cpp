// SPDX-License-Identifier: Apache-2.0
// A machine whose speed changes during a sweep is told, with what that does to the arms.
#include "report/drift.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "report/sweep_tables.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// A sweep of three arms whose runs started at these hours and had these speeds, in tokens/s.
struct TimedSweep {
  MadeUpSweep sweep{{{1.50, 1.51, 1.52}, {1.40, 1.41, 1.42, 1.43}, {1.45, 1.46}}};

  void set(size_t run, double hours, double speed, const std::string& training = "") {
    std::filesystem::path folder = sweep.path / sweep.plan.runs[run].folder;
    Json record = Json::parse(read_file(folder / "run.json"));
    auto minutes = int(std::lround(hours * 60));
    record["started_at"] =
        "2026-01-31T" + std::to_string(10 + minutes / 60) + ":" + std::to_string(10 + minutes % 60) + ":00Z";
    write_file(folder / "run.json", record.dump());
    Json summary = Json::parse(read_file(folder / "summary.json"));
    summary["tok_s"] = speed;
    if (!training.empty()) summary["stages"] = {{"train", training}, {"weights", training}};
    write_file(folder / "summary.json", summary.dump());
  }
  Ablation read() const { return analyze(sweep.plan, sweep.path); }
};

const std::vector<double> kHours = {0, 2, 4, 1, 3, 5, 6, 0.5, 4.5};
const std::vector<double> kSpeeds = {100, 97, 95, 80, 79, 76, 75, 120, 114};

/// A sweep on a machine that gets slower by more than a percent an hour.
struct SlowingSweep : TimedSweep {
  SlowingSweep() {
    for (size_t run = 0; run < kHours.size(); ++run) set(run, kHours[run], kSpeeds[run]);
  }
};

}  // namespace

TEST_CASE("drift is the slope of the speeds' logarithms within arms", "[report]") {
  SlowingSweep timed;
  Drift drift = drift_of(timed.read());
  // statsmodels 0.15: OLS of log(speed) on arms and hours gives -0.01317292297362811 an hour, 95 % CI
  // -0.01564896841059353 to -0.01069687753666269; numpy's expm1 of six times these, and of 1.75 times the
  // first, as the second arm starts at 3.75 hours on average and the baseline at 2.
  CHECK(drift.hours == Approx(6));
  CHECK(drift.change == Approx(-0.07599476136836558));
  CHECK(drift.low == Approx(-0.08962057012222752));
  CHECK(drift.high == Approx(-0.06216501274272758));
  CHECK(drift.p == Approx(3.7494378482205934e-05));
  CHECK(drift.arm == timed.sweep.plan.arms[1].label);
  CHECK(drift.shift == Approx(-0.022788933738837523));
  CHECK(drift.matters());
}

TEST_CASE("drift that matters is told below the table and in JSON", "[report]") {
  SlowingSweep timed;
  std::string table = render(timed.read(), "term");
  CHECK_THAT(table, Catch::Contains("drift: over the 6 hours of its starts the machine's speed changed by "
                                    "-7.6% within arms (95% CI -9.0% to -6.2%); by that alone +a, \"b\" is "
                                    "-2.3% in tokens/s against the baseline") &&
                        Catch::Contains("order = \"interleaved\"") && !Catch::Contains("scores drift"));
  Json json = Json::parse(render(timed.read(), "json"));
  CHECK(json.at("order") == "shuffled");
  CHECK(json.at("drift").at("change").get<double>() == Approx(-0.07599476136836558));
  timed.sweep.plan.run.order = "interleaved";
  timed.sweep.plan.arms[0].seconds = 600;
  CHECK_THAT(note_on_drift(timed.read()),
             !Catch::Contains("order =") && Catch::Contains("budgets are times, so scores drift as well"));
}

TEST_CASE("noise of the speed is no drift", "[report]") {
  TimedSweep timed;
  const double speeds[] = {100, 97, 101, 80, 82, 79, 81, 119, 121};
  for (size_t run = 0; run < kHours.size(); ++run) timed.set(run, kHours[run], speeds[run]);
  Drift drift = drift_of(timed.read());
  CHECK(drift.p > 0.05);
  CHECK_FALSE(drift.matters());
  CHECK(note_on_drift(timed.read()).empty());
}

TEST_CASE("runs of one training count once, at the start of the first of them", "[report]") {
  SlowingSweep timed;
  Drift alone = drift_of(timed.read());
  // The last run of the first arm takes over the training of the last run of the third, hours later.
  timed.set(2, 6.5, 114, "shared");
  timed.set(8, 4.5, 114, "shared");
  Drift shared = drift_of(timed.read());
  CHECK(shared.df == alone.df - 1);
  CHECK(shared.hours == Approx(6));
}

TEST_CASE("a machine of its own has a level of its own", "[report]") {
  SlowingSweep timed;
  std::filesystem::path file = timed.sweep.path / timed.sweep.plan.runs[1].folder / "run.json";
  Json record = Json::parse(read_file(file));
  record["machine"]["host"] = "another";
  write_file(file, record.dump());
  CHECK(drift_of(timed.read()).df == 4);
}

TEST_CASE("nothing is said of drift where starts are not known", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(std::isnan(drift_of(ablation).change));
  CHECK(Json::parse(render(ablation, "json")).at("drift").at("change").is_null());
  CHECK(note_on_drift(ablation).empty());
}
