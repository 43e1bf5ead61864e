// SPDX-License-Identifier: Apache-2.0
// A stage is needed when a run came from it, when a planned run would start from it, or when it is an average
// that a needed training made.
#include "sweep/unneeded.h"

#include <caddie/error.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "base/walk.h"
#include "results/run_folder.h"
#include "results/stage_records.h"
#include "sweep/run_state.h"
#include "sweep/runner.h"
#include "sweep/sharing.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

using Names = std::set<std::string>;

/// Adds the strings in a list or an object, at any depth.
void add_strings(const Json& json, Names& names) {
  if (json.is_string()) names.insert(json.get<std::string>());
  if (json.is_structured())
    for (const Json& member : json) add_strings(member, names);
}

void add_stages_of_run(const fs::path& folder, Names& names) {
  if (std::optional<RunRecord> record = read_run_record(folder)) add_strings(written(record->stages), names);
  add_strings(written(read_summary(folder).stages), names);
}

void add_stages_to_come(const fs::path& sweep, const Store& store, Names& names) {
  Plan plan = read_plan(sweep);
  TrainingOrder order(plan, store);
  for (size_t run = 0; run < plan.runs.size(); ++run) {
    if (state_of(plan, plan.runs[run], sweep).status == RunStatus::done) continue;
    names.insert(order.training(run));
    for (const std::string& prefix : order.prefixes(run)) names.insert(prefix);
  }
}

/// Adds the averages that finished trainings have made on their way.
void add_averages(const Store& store, Names& names) {
  for (const std::string& name : Names(names)) {
    auto record = store.find_as<TrainRecord>(name);
    if (!record) continue;
    for (const auto& [averager, seconds] : record->averagers)
      names.insert(StageKeys::average(name, averager));
  }
}

Names needed_stages(const fs::path& results, const fs::path& store) {
  Names names;
  walk(results, [&](const fs::path& path) {
    if (path.filename() == kClaimFile) check_unclaimed(path.parent_path(), "clean up when it has ended");
    if (path.filename() == kRecordFile) add_stages_of_run(path.parent_path(), names);
    if (path.filename() == "plan.json") add_stages_to_come(path.parent_path(), Store(store), names);
    return path != store;
  });
  add_averages(Store(store), names);
  return names;
}

int64_t bytes_freed_by(const fs::path& folder) {
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.hard_link_count() == 1) bytes += int64_t(entry.file_size());
  return bytes;
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const auto& entry : entries_of(folder)) entries.push_back(entry.path());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// Returns why something in the store that no run needs is left, or "" when it may go.
std::string reason_to_leave(const fs::path& path) {
  if (!Store::is_stage(path)) return "it is no stage";
  if (!is_owned(path))
    return message("it has no file {} that says that Caddie made it; delete it yourself if you can spare it",
                   {kMark});
  return "";
}

}  // namespace

int64_t StoreCleaning::bytes() const {
  int64_t sum = 0;
  for (const UnneededStage& stage : unneeded) sum += stage.bytes;
  return sum;
}

StoreCleaning find_unneeded(const fs::path& results) {
  fs::path store = results / kStoreFolder;
  StoreCleaning cleaning;
  if (!fs::exists(store)) return cleaning;
  cleaning.claim.emplace(claim_store(store));
  Names needed = needed_stages(results, store);
  for (const fs::path& path : sorted_entries(store)) {
    std::string name = path.filename().string();
    if (name == kMark || name == kClaimFile || name == kStoreUsers || needed.count(name)) continue;
    if (std::string reason = reason_to_leave(path); reason.empty())
      cleaning.unneeded.push_back({path, bytes_freed_by(path)});
    else
      cleaning.left.push_back(path.string() + ": left, as " + reason);
  }
  return cleaning;
}

void delete_unneeded(StoreCleaning& cleaning) {
  auto stays = [&](const UnneededStage& stage) {
    std::optional<FolderClaim> claim = FolderClaim::take(stage.folder);
    if (claim)
      remove_owned(stage.folder);
    else
      cleaning.left.push_back(stage.folder.string() + ": left, as " + holder_of(stage.folder));
    return !claim;
  };
  std::erase_if(cleaning.unneeded, stays);
}

}  // namespace caddie
