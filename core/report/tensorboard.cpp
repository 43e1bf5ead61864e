// SPDX-License-Identifier: Apache-2.0
// The time of a row is that of the run's start and of its training up to the row.
#include "report/tensorboard.h"

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/files.h"
#include "report/curves.h"
#include "results/run_folder.h"
#include "sweep/folders.h"
#include "sweep/plan.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Adds the metrics of a run that is done, at its last step.
void add_results(std::vector<ScalarEvent>& events, const RunSummary& summary, double started) {
  if (summary.status != "done") return;
  double seconds = summary.number(kTrainSeconds),
         wall_time = started + (std::isfinite(seconds) ? seconds : 0);
  for (const Metric* metric : metrics()) {
    double value = summary.number(*metric);
    if (metric->places.summary && std::isfinite(value))
      events.push_back(
          {std::string("result/") + metric->name, summary.steps.value_or(0), wall_time, float(value)});
  }
}

/// Returns the folders of the runs that `named` stands for.
std::vector<fs::path> run_folders(const std::string& named) {
  if (fs::exists(fs::path(named) / kRecordFile)) return {fs::canonical(named)};
  fs::path sweep = sweep_folder(named);
  std::vector<fs::path> folders;
  for (const PlannedRun& run : read_plan(sweep).runs) folders.push_back(sweep / run.folder);
  return folders;
}

}  // namespace

std::vector<ScalarEvent> events_of(const fs::path& run) {
  std::optional<RunRecord> record = read_run_record(run);
  double started = record ? record->started().value_or(0) : 0;
  std::vector<ScalarEvent> events;
  for (const auto& [name, point] : read_curves(run))
    events.push_back({name, point.step, started + point.seconds, float(point.value)});
  add_results(events, read_summary(run), started);
  return events;
}

std::vector<fs::path> export_events(const std::string& named, const fs::path& into) {
  std::vector<fs::path> files;
  for (const fs::path& run : run_folders(named)) {
    std::vector<ScalarEvent> events = events_of(run);
    if (events.empty()) continue;
    fs::path file = into / run.filename() / kEventFile;
    write_file(file, event_file(events.front().wall_time, events));
    files.push_back(std::move(file));
  }
  if (files.empty()) fail_usage("{}: no run there has measured anything yet", named);
  return files;
}

}  // namespace caddie
