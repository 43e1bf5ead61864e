// SPDX-License-Identifier: Apache-2.0
// The JSON that runs and sweeps leave: run.json, summary.json and plan.json are read or an Error, and what
// was read is written and read again.
#include <caddie/error.h>

#include "base/json.h"
#include "fuzz/scratch_file.h"
#include "results/run_record.h"
#include "results/summary.h"
#include "sweep/plan.h"

namespace caddie::fuzz::records {

constexpr const char* kPlanFile = "plan.json";

/// Returns a file as the program writes it, but without its seal, which no mutation would keep right.
std::string unsealed_copy(const char* name) {
  std::ifstream file(scratch_folder() / name);
  Json json = Json::parse(file);
  json.erase("sealed");
  json.erase("seal");
  return text_of(json, 1);
}

std::vector<std::string> seeds() {
  RunRecord record;
  record.key = record.group = "00ff";
  record.seed = 5;
  record.git = BuiltFrom{"c0ffee", true};
  record.machine.ranks = 2;
  record.plugins = {{"int8", "ab"}};
  RunSummary summary;
  summary.status = "done";
  summary.bpb = 1.25;
  summary.scores = {{"standard", ScoreRecord()}};
  summary.files = {{"artifact.bin", {3, "00"}}};
  Plan plan;
  plan.name = "p";
  plan.seeds = {1, 2};
  plan.arms.push_back({"baseline", "baseline", {}, {}, {}, {}, "seed = 1\n", "group-a"});
  plan.arms.push_back({"+x", "one", {"x = 1"}, {}, {}, {}, "seed = 1\n", "group-b"});
  plan.runs = {{0, 1, "runs/baseline-s1"}, {1, 2, "runs/x-s2"}};
  write_run_record(scratch_folder(), record);
  write_summary(scratch_folder(), summary);
  write_plan(plan, scratch_folder());
  return {unsealed_copy(kRecordFile), unsealed_copy(kSummaryFile), unsealed_copy(kPlanFile)};
}

void run(std::string_view bytes) {
  std::filesystem::path again = scratch_folder() / "again";
  std::filesystem::create_directories(again);
  for (const char* name : {kRecordFile, kSummaryFile, kPlanFile}) scratch_file(name, bytes);
  // What was accepted is read again outside the try: an Error there ends the program.
  std::optional<RunRecord> record;
  std::optional<RunSummary> summary;
  std::optional<Plan> plan;
  try {
    record = read_run_record(scratch_folder());
  } catch (const Error&) {
  }
  try {
    summary = read_summary(scratch_folder());
  } catch (const Error&) {
  }
  try {
    plan = read_plan(scratch_folder());
  } catch (const Error&) {
  }
  if (record) {
    write_run_record(again, *record);
    read_run_record(again);
  }
  if (summary) {
    write_summary(again, *summary);
    read_summary(again);
  }
  if (plan) {
    write_plan(*plan, again);
    read_plan(again);
  }
}

CADDIE_FUZZ_TARGET(records)

}  // namespace caddie::fuzz::records
