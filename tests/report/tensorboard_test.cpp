// SPDX-License-Identifier: Apache-2.0
// What of a run goes to TensorBoard, and where the files of a run or a sweep lie.
#include "report/tensorboard.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

const char* const kMetrics =
    "step,tokens,time_s,name,value\n"
    "1,64,1.500,train_loss,6.25\n"
    "2,128,3.000,val_bpb,2.125\n"
    "2,128,3.0";

/// The numbers called `tag`, as "step:value", with spaces between.
std::string values_of(const std::vector<ScalarEvent>& events, const std::string& tag) {
  std::string text;
  for (const ScalarEvent& event : events)
    if (event.tag == tag)
      text += (text.empty() ? "" : " ") + std::to_string(event.step) + ":" + std::to_string(event.value);
  return text;
}

}  // namespace

TEST_CASE("events are the rows of the journal and the results of a run that is done", "[report]") {
  MadeUpSweep sweep(std::vector<std::vector<double>>{{1.5}});
  fs::path run = sweep.path / sweep.plan.runs[0].folder;
  write_file(run / "metrics.csv", kMetrics);
  Json record = Json::parse(read_file(run / "run.json"));
  record["started_at"] = "2026-01-31T12:00:00Z";  // date -u -d ... +%s says 1769860800
  write_file(run / "run.json", record.dump());
  std::vector<ScalarEvent> events = events_of(run);
  CHECK(values_of(events, "train_loss") == "1:6.250000");
  CHECK(values_of(events, "val_bpb") == "2:2.125000");
  CHECK(values_of(events, "result/val_bpb") == "7:1.500000");
  CHECK(events[0].wall_time == 1769860801.5);
  CHECK(events[1].wall_time == 1769860803.0);
  Json summary = Json::parse(read_file(run / "summary.json"));
  summary["status"] = "failed";
  write_file(run / "summary.json", summary.dump());
  CHECK(events_of(run).size() == 2);
}

TEST_CASE("a sweep has a folder of events for each run that measured something", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, kUnknown}});
  sweep.plan.seeds = {0, 1};
  write_plan(sweep.plan, sweep.path);
  TemporaryFolder logs;
  std::vector<fs::path> files = export_events(sweep.path.string(), logs.path());
  REQUIRE(files.size() == 3);
  CHECK(files[0] == logs.path() / "0-0" / kEventFile);
  CHECK(files[2] == logs.path() / "1-0" / kEventFile);
  std::string first = read_file(files[0]);
  CHECK_THAT(first, Catch::Contains("brain.Event:2") && Catch::Contains("result/val_bpb"));
  export_events((sweep.path / "runs/0-0").string(), logs.path());
  CHECK(read_file(files[0]) == first);  // Written again, it is the same.
  CHECK_THROWS_WITH(export_events((sweep.path / "nowhere").string(), logs.path()),
                    Catch::Contains("nowhere"));
  MadeUpSweep begun(std::vector<std::vector<double>>{{kUnknown}});
  begun.plan.seeds = {0};
  write_plan(begun.plan, begun.path);
  CHECK_THROWS_WITH(export_events(begun.path.string(), logs.path()), Catch::Contains("measured anything"));
}
