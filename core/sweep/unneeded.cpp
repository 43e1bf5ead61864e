// SPDX-License-Identifier: Apache-2.0
#include "sweep/unneeded.h"

#include <caddie/error.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/walk.h"
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
  RunFolder run(folder);
  for (const char* file : {"run.json", "summary.json"})
    if (std::optional<Json> json = run.read_json(file); json && json->contains("stages"))
      add_strings(json->at("stages"), names);
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
    std::optional<Json> record = store.find(name);
    if (!record || !record->contains("averagers")) continue;
    for (const auto& [averager, seconds] : record->at("averagers").items())
      names.insert(StageKeys::average(name, averager));
  }
}

Names needed_stages(const fs::path& results, const fs::path& store) {
  Names names;
  walk(results, [&](const fs::path& path) {
    check(path.filename() != kRunLock || !FileLock::is_held(path),
          "{}: is being worked on; clean up when it has ended", path.parent_path().string());
    if (path.filename() == "run.json") add_stages_of_run(path.parent_path(), names);
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

}  // namespace

std::vector<UnneededStage> unneeded_stages(const fs::path& results) {
  fs::path store = results / kStoreFolder;
  std::vector<UnneededStage> stages;
  if (!fs::exists(store)) return stages;
  Names needed = needed_stages(results, store);
  for (const auto& entry : fs::directory_iterator(store))
    if (!needed.count(entry.path().filename().string()))
      stages.push_back({entry.path(), bytes_freed_by(entry.path())});
  std::sort(stages.begin(), stages.end(), [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return stages;
}

}  // namespace caddie
