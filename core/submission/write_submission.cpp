// SPDX-License-Identifier: Apache-2.0
// The sweep is read first, then all texts are made, then the folder is written and renamed.
#include "submission/write_submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "import/foreign_run.h"
#include "import/read_submission.h"
#include "process/machine.h"
#include "process/operating_system.h"
#include "report/curves.h"
#include "results/fingerprint.h"
#include "results/run_folder.h"
#include "submission/checklist.h"
#include "submission/seed_log.h"
#include "submission/submission_json.h"
#include "submission/submission_readme.h"
#include "sweep/folders.h"
#include "sweep/plan.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Holds the bytes of files by their names.
using FileTexts = std::map<std::string, std::string>;

/// Removes a folder that was not put in its place.
class FolderInTheMaking {
 public:
  explicit FolderInTheMaking(fs::path path) : path_(std::move(path)) {
    remove_owned(path_);
    make_owned_folder(path_);
  }
  ~FolderInTheMaking() {
    try {
      if (!done_) remove_owned(path_);
    } catch (const Error&) {
      // The error that is on its way is the one to tell.
    }
  }
  FolderInTheMaking(const FolderInTheMaking&) = delete;
  FolderInTheMaking& operator=(const FolderInTheMaking&) = delete;

  const fs::path& path() const { return path_; }
  void is_done() { done_ = true; }

 private:
  fs::path path_;
  bool done_ = false;
};

/// Returns the folder that is to be written.
fs::path folder_named(const fs::path& named) {
  fs::path folder = without_slash(named);
  if (!is_file_name(folder.filename().string()))
    fail_usage("--submission {}: name a folder to write", named.string());
  return folder;
}

bool is_submission_file(const std::string& name) {
  for (const char* own : {kSubmissionFile, kReadmeFile, kExperimentFile, kForeignSettingsFile, kArtifactFile})
    if (name == own) return true;
  return matches("train_seed*.log", name);
}

/// Holds the arm's runs to the contest's rules, but for those on files, which are not written yet. Training
/// text is not searched for validation text, which takes its time and is left to `caddie verify`.
void hold_to_contest(ArmFacts& facts, const fs::path& sweep) {
  Rules rules = read_rules(rules_file(kUsualRules));
  rules.form = {};
  rules.data.overlap = false;
  facts.contest = rules.title;
  facts.checklist = checklist_of(rules, gather_evidence(sweep, facts.row.arm->label));
}

/// Reads the files of code by their names. Throws Error (kUsage) when one cannot be handed in.
FileTexts code_of(const std::vector<fs::path>& code) {
  FileTexts files;
  for (const fs::path& file : code) {
    std::string name = file.filename();
    if (!fs::is_regular_file(file)) fail_usage("--code {}: there is no such file", file.string());
    if (is_submission_file(name)) fail_usage("--code {}: export writes a file of that name", file.string());
    if (!files.emplace(name, read_file(file)).second)
      fail_usage("--code {}: another file has that name", file.string());
  }
  return files;
}

/// Sets what this process alone can tell of the runs' environment.
void add_environment(ArmFacts& facts) {
  auto all = [&](auto holds) { return std::all_of(facts.runs.begin(), facts.runs.end(), holds); };
  if (all([](const SeedRun& run) { return run.record.machine.host == host_name(); }))
    facts.system = operating_system();
  if (!all([](const SeedRun& run) { return run.record.engine == engine_hash(); })) return;
#ifdef __clang__
  facts.compiler = __VERSION__;
#else
  facts.compiler = "GCC " __VERSION__;
#endif
}

std::string log_of(const SeedRun& run, const fs::path& sweep) {
  fs::path folder = sweep / run.folder;
  if (run.is_imported() && fs::exists(folder / kSourceTextFile)) return read_file(folder / kSourceTextFile);
  return seed_log(run, read_curves(folder));
}

/// Returns the bytes of a run's artifact.
std::string artifact_of_run(const SeedRun& run, const fs::path& sweep) {
  fs::path folder = sweep / run.folder, file = folder / kArtifactFile;
  try {
    check(fs::exists(file), "{}: there is no such file", file.string());
    check_left_by_run(run.summary, folder, kArtifactFile);
    return read_file(file);
  } catch (const Error& error) {
    fail_usage("{}; this makes the run once more: caddie run {} --output {} --fresh", error.what(),
               (folder / kSettingsFile).string(), folder.string());
  }
}

FileTexts files_of(const ArmFacts& facts, const fs::path& sweep) {
  FileTexts files;
  files[kSubmissionFile] = text_of(submission_json(facts), 2) + "\n";
  files[kReadmeFile] = submission_readme(facts);
  files[facts.is_imported() ? kForeignSettingsFile : kExperimentFile] = facts.row.arm->experiment;
  for (const SeedRun& run : facts.runs) files[log_name(run.seed)] = log_of(run, sweep);
  if (facts.has_artifact) files[kArtifactFile] = artifact_of_run(facts.chosen_run(), sweep);
  return files;
}

std::vector<std::string> missing_of(const ArmFacts& facts) {
  std::vector<std::string> missing;
  if (std::vector<std::string> empty = texts_to_fill_in(facts.words); !empty.empty())
    missing.push_back(fmt::format("{}: empty, fill in {}", kSubmissionFile, join(empty, ", ")));
  if (!facts.has_artifact)
    missing.push_back("there is no artifact: the runs were imported, and Caddie has no weights of them");
  return missing;
}

}  // namespace

void check_replaceable(const fs::path& folder, const std::vector<fs::path>& code) {
  auto is_code = [&](const std::string& name) {
    return std::any_of(code.begin(), code.end(),
                       [&](const fs::path& file) { return file.filename() == name; });
  };
  if (fs::exists(folder) && !fs::is_directory(folder))
    fail_usage("{}: is a file; name a folder to write", folder.string());
  check_owned(folder);
  for (const fs::directory_entry& entry : entries_of(folder))
    if (std::string name = entry.path().filename();
        name != kMark && !is_submission_file(name) && !is_code(name))
      fail_usage(
          "{}: is none of the files of a submission, and would be lost; move it away, or name another folder",
          entry.path().string());
}

void put_in_place(const fs::path& made, const fs::path& folder) {
  fs::path before = folder;
  before += ".before";
  std::error_code error;
  bool replaces = fs::exists(folder);
  if (replaces) {
    remove_owned(before);
    fs::rename(folder, before, error);
    check(!error, "{}: cannot be renamed to {}: {}", folder.string(), before.string(), error.message());
  }
  fs::rename(made, folder, error);
  if (error && replaces) {
    std::error_code ignored;
    fs::rename(before, folder, ignored);
  }
  check(!error, "{}: cannot be renamed to {}: {}", made.string(), folder.string(), error.message());
  if (replaces) remove_owned(before);
}

WrittenSubmission write_submission(const SubmissionRequest& request) {
  WrittenSubmission written{folder_named(request.folder), {}, {}};
  check_replaceable(written.folder, request.code);
  FileTexts code = code_of(request.code);
  fs::path sweep = sweep_folder(request.sweep);
  Plan plan = read_plan(sweep);
  Ablation ablation = analyze(plan, sweep);
  ArmFacts facts = arm_facts(ablation, request.arm, sweep.string());
  facts.words = request.words;
  facts.date = utc_now();
  facts.has_artifact = !facts.is_imported();
  add_environment(facts);
  hold_to_contest(facts, sweep);
  for (const auto& [name, bytes] : code) facts.code.emplace_back(name, int64_t(bytes.size()));
  FileTexts files = files_of(facts, sweep);
  files.merge(code);

  FolderInTheMaking made(temporary_beside(written.folder));
  for (const auto& [name, bytes] : files) {
    write_file(made.path() / name, bytes);
    written.files.push_back(name);
  }
  put_in_place(made.path(), written.folder);
  made.is_done();
  written.missing = missing_of(facts);
  return written;
}

}  // namespace caddie
