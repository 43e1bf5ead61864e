// SPDX-License-Identifier: Apache-2.0
// Runs that the folder holds are read from it, so that checks see an arm whole however often it was added to.
#include "import/import.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "import/import_files.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Returns the folder that is written to, and the sweep's name.
fs::path folder_for(const ImportRequest& request) {
  if (!request.into.empty()) return request.into;
  fs::path first = without_slash(fs::absolute(request.files.front()).lexically_normal());
  if (!fs::is_directory(first)) first = first.parent_path();
  std::string name = first.filename().string();
  if (!is_file_name(name)) fail_usage("import: name the sweep's folder with --into results/NAME");
  return fs::path("results") / name;
}

/// Takes the runs and arms that an imported sweep's folder holds. Throws Error (kUsage) when another sweep is
/// there.
void take_written(const fs::path& folder, ImportedSweep& sweep) {
  Plan plan = read_plan(folder);
  if (!plan.imported)
    fail_usage("{}: holds a sweep of Caddie's own; import into another folder, and compare with caddie test",
               folder.string());
  for (const Arm& arm : plan.arms) sweep.arms.push_back({arm.label, {}});
  for (const PlannedRun& run : plan.runs) {
    sweep.written[sweep.runs.size()] = run;
    sweep.arms[run.arm].runs.push_back(sweep.runs.size());
    sweep.runs.push_back(read_foreign_run(folder / run.folder));
  }
  sweep.history = plan.history;
  if (sweep.baseline.empty()) sweep.baseline = plan.baseline().label;
}

bool is_same_text(const ForeignRun& a, const ForeignRun& b) {
  return a.source.sha256 == b.source.sha256 && a.source.part == b.source.part;
}

/// Puts a run into an arm unless a copy of it is there; returns whether it is new, and tells of a copy.
bool put(ForeignRun run, ArmGroup& arm, ImportedSweep& sweep, ImportResult& result) {
  for (size_t other : arm.runs) {
    if (!is_same_text(run, sweep.runs[other])) continue;
    const std::string& known = sweep.runs[other].source.file;
    std::string text =
        fmt::format("{} is the same file as {}; it counts once", fs::path(run.name()).filename().string(),
                    fs::path(known).filename().string());
    // The same file named again is no finding, only a copy under another name is.
    if (run.source.file != known)
      sweep.notes.push_back({"identical_files", arm.label, text, {run.name(), known}, false});
    result.copies.push_back(arm.label + ": " + text);
    return false;
  }
  arm.runs.push_back(sweep.runs.size());
  sweep.runs.push_back(std::move(run));
  return true;
}

/// Adds the runs that were found to the arms of the sweep.
void add_runs(const std::vector<ForeignRun>& runs, const Grouping& grouping, ImportedSweep& sweep,
              ImportResult& result) {
  for (const ArmGroup& group : group_runs(runs, grouping)) {
    auto same = [&](const ArmGroup& arm) { return arm.label == group.label; };
    auto arm = std::find_if(sweep.arms.begin(), sweep.arms.end(), same);
    if (arm == sweep.arms.end()) arm = sweep.arms.insert(arm, {group.label, {}});
    for (size_t i : group.runs)
      if (put(runs[i], *arm, sweep, result)) result.added.push_back(sweep.runs.size() - 1);
  }
}

/// Tells of files that are in several arms.
void check_copies_across(ImportedSweep& sweep) {
  for (size_t a = 0; a < sweep.arms.size(); ++a)
    for (size_t b = a + 1; b < sweep.arms.size(); ++b)
      for (size_t i : sweep.arms[a].runs)
        for (size_t j : sweep.arms[b].runs)
          if (is_same_text(sweep.runs[i], sweep.runs[j]))
            sweep.notes.push_back({"identical_files",
                                   sweep.arms[b].label,
                                   fmt::format("{} is also in the arm '{}', as {}", sweep.runs[j].name(),
                                               sweep.arms[a].label, sweep.runs[i].name()),
                                   {sweep.runs[j].name(), sweep.runs[i].name()},
                                   false});
}

void check_all(ImportedSweep& sweep) {
  auto add = [&](std::vector<ImportNote> notes) {
    for (ImportNote& note : notes) sweep.notes.push_back(std::move(note));
  };
  for (const ArmGroup& arm : sweep.arms) add(check_arm(sweep.runs, arm));
  add(check_reruns(sweep.runs, sweep.arms));
  add(check_files(sweep.runs, sweep.arms));
  check_copies_across(sweep);
}

/// Gives each run the notes that are about it; returns the runs whose notes are other than they were.
std::vector<size_t> spread_notes(ImportedSweep& sweep) {
  std::vector<size_t> changed;
  for (size_t i = 0; i < sweep.runs.size(); ++i) {
    ForeignRun& run = sweep.runs[i];
    std::vector<ForeignNote> notes;
    for (const ImportNote& note : sweep.notes)
      if (std::count(note.files.begin(), note.files.end(), run.name()) > 0)
        notes.push_back({note.kind, note.text, note.parts_runs});
    if (notes == run.notes) continue;
    run.notes = std::move(notes);
    changed.push_back(i);
  }
  return changed;
}

/// Writes the folders of new runs, and the notes of the others where these have changed.
void write_new(ImportResult& result) {
  ImportedSweep& sweep = result.sweep;
  std::vector<size_t> changed = spread_notes(sweep);
  std::vector<const PlannedRun*> places = places_of(sweep, result.plan);
  for (size_t i = 0; i < sweep.runs.size(); ++i) {
    if (!sweep.written.contains(i))
      write_run(sweep.runs[i], *places[i], result.plan, result.folder);
    else if (std::count(changed.begin(), changed.end(), i) > 0)
      write_foreign_run(sweep.runs[i], result.folder / places[i]->folder);
  }
}

void start_over(const fs::path& folder) {
  for (const auto& entry : entries_of(folder / "runs")) check_owned(entry.path());
  for (const auto& entry : entries_of(folder / "runs")) remove_owned(entry.path());
  fs::remove(plan_path(folder));
}

}  // namespace

ImportResult import_runs(const ImportRequest& request) {
  if (request.files.empty()) fail_usage("import: name logs, or folders of logs");
  if (request.grouping.arm.find(':') != std::string::npos)
    fail_usage("--arm {}: may hold no colon, which parts a sweep from its arm in SWEEP:ARM",
               request.grouping.arm);
  ImportResult result;
  FoundRuns found = find_foreign_runs(request.files, column_names(request.columns));
  result.refused = std::move(found.refused);
  result.passed = std::move(found.passed);
  if (found.runs.empty())
    fail_usage("{}: holds no run{}", request.files.front().string(),
               result.refused.empty() ? std::string() : "; " + result.refused.front());
  result.folder = folder_for(request);
  ImportedSweep& sweep = result.sweep;
  sweep.name = without_slash(result.folder).filename().string();
  sweep.baseline = request.baseline;
  constexpr const char* kWritten[] = {"plan.json", "runs"};
  check_nothing_foreign(result.folder, kWritten);
  make_owned_folder(result.folder);
  FolderClaim claim = FolderClaim::take_or_refuse(result.folder, "import when it has ended");
  if (fs::exists(plan_path(result.folder))) {
    ImportedSweep before;
    take_written(result.folder, before);
    if (request.fresh) {
      start_over(result.folder);
    } else {
      before.name = sweep.name;
      if (!request.baseline.empty()) before.baseline = request.baseline;
      sweep = std::move(before);
    }
  }
  add_runs(found.runs, request.grouping, sweep, result);
  check_all(sweep);
  sweep.history.push_back(
      {{"at", utc_now()}, {"caddie_version", CADDIE_VERSION}, {"changes", Json::array()}, {"done", 0}});
  result.plan = plan_of(sweep);
  write_new(result);
  write_plan(result.plan, result.folder);
  return result;
}

}  // namespace caddie
