// SPDX-License-Identifier: Apache-2.0
// A folder with a plan is a sweep's; any other is searched for logs.
#include "submission/evidence.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "import/arms.h"
#include "import/import_files.h"
#include "import/provenance_checks.h"
#include "import/read_submission.h"
#include "sweep/plan.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Drops what a submission.json tells of runs where there are logs, which it is held against.
void drop_claims(std::vector<ForeignRun>& runs) {
  auto is_claim = [](const ForeignRun& run) { return run.source.format == "submission"; };
  if (!std::all_of(runs.begin(), runs.end(), is_claim)) std::erase_if(runs, is_claim);
}

/// Keeps the runs that lie right in the folder where there are any; a submission may have others below it.
/// Where each lies in a folder that is named for its seed, all are kept.
void keep_one_folder(std::vector<ForeignRun>& runs, SubmissionFacts& facts) {
  std::map<fs::path, size_t> folders;
  for (const ForeignRun& run : runs) ++folders[run.source.folder];
  if (folders.size() < 2) return;
  auto is_right_in = [&](const fs::path& folder) { return without_slash(folder) == facts.folder; };
  auto is_of_seed = [](const auto& one) { return seed_in_name(one.first.filename().string()).has_value(); };
  if (std::all_of(folders.begin(), folders.end(), is_of_seed)) return;
  bool any = std::any_of(folders.begin(), folders.end(), [&](auto& one) { return is_right_in(one.first); });
  if (!any)
    fail_usage("{}: holds runs in {} folders, the first {}; name the folder of one submission",
               facts.folder.string(), folders.size(), folders.begin()->first.string());
  for (const auto& [folder, count] : folders)
    if (!is_right_in(folder))
      facts.left_out.push_back(fmt::format("{} runs in {}, a folder below", count, folder.string()));
  std::erase_if(runs, [&](const ForeignRun& run) { return !is_right_in(run.source.folder); });
}

/// Leaves out copies of a file, of which each counts once.
void leave_out_copies(std::vector<ForeignRun>& runs, SubmissionFacts& facts) {
  std::map<std::pair<std::string, int64_t>, std::string> seen;
  std::erase_if(runs, [&](const ForeignRun& run) {
    auto [known, is_new] = seen.emplace(std::pair(run.source.sha256, run.source.part), run.file_name());
    if (!is_new)
      facts.left_out.push_back(fmt::format("{}: the same bytes as {}", run.file_name(), known->second));
    return !is_new;
  });
}

/// Leaves out what says by its name that it repeats a seed of which a finished run is there: a seed counts
/// once.
void leave_out_reruns(std::vector<ForeignRun>& runs, SubmissionFacts& facts) {
  std::set<int64_t> originals;
  for (const ForeignRun& run : runs)
    if (run.seed && !says_rerun(run.file_name()) && run.problem().empty()) originals.insert(*run.seed);
  std::erase_if(runs, [&](const ForeignRun& run) {
    bool again = run.seed && says_rerun(run.file_name()) && originals.contains(*run.seed);
    if (again)
      facts.left_out.push_back(
          fmt::format("{}: by its name a rerun of seed {}, which counts once", run.file_name(), *run.seed));
    return again;
  });
}

/// Keeps the runs of one arm, as `caddie import` groups them.
void keep_arm(std::vector<ForeignRun>& runs, const std::string& label) {
  std::vector<std::string> labels;
  for (const ArmGroup& group : group_runs(runs, {})) {
    labels.push_back(group.label);
    if (group.label != label) continue;
    std::vector<ForeignRun> kept;
    for (size_t i : group.runs) kept.push_back(runs[i]);
    runs = std::move(kept);
    return;
  }
  fail_usage("--arm {}: the logs have no such arm{}", label, suggestion(label, labels));
}

/// Takes what submission.json tells, with its results by seed where it has some.
void take_submission(const fs::path& file, FolderFacts& content) {
  std::string text = read_file(file);
  ForeignJson json = ForeignJson::parse(text, nullptr, false);
  if (!json.is_object()) {
    content.damage = "holds no JSON object";
    return;
  }
  content.submission = std::move(json);
  ForeignSource source;
  source.file = file.string();
  source.format = "submission";
  std::vector<ForeignRun> runs;
  try {
    runs = read_submission(text, source);
  } catch (const Error&) {
    return;  // It tells no score, which is for another check to say.
  }
  if (runs.size() < 2) return;  // One result with a seed beside it may be that of all seeds.
  for (const ForeignRun& run : runs)
    if (run.seed && run.last_score()) content.claimed.push_back(facts_of(run));
}

void gather_from_logs(SubmissionFacts& facts) {
  FoundRuns found = find_foreign_runs({facts.folder}, {});
  for (const std::string& refused : found.refused) facts.left_out.push_back(refused);
  std::vector<ForeignRun>& runs = found.runs;
  drop_claims(runs);
  keep_one_folder(runs, facts);
  leave_out_copies(runs, facts);
  if (facts.arm.empty())
    leave_out_reruns(runs, facts);
  else
    keep_arm(runs, facts.arm);
  if (runs.empty())
    fail_usage("{}: holds no log, submission.json or sweep with a run{}", facts.folder.string(),
               found.refused.empty() ? "" : ": " + found.refused.front());
  take_foreign(runs, facts);
}

}  // namespace

Runs finished_of(const std::vector<RunFacts>& runs) {
  Runs finished;
  for (const RunFacts& run : runs)
    if (run.is_finished()) finished.push_back(&run);
  return finished;
}

Runs SubmissionFacts::finished() const { return finished_of(runs); }

FolderFacts content_of(const fs::path& folder) {
  FolderFacts content;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied), end;
  for (; entry != end; ++entry) {
    bool hidden = entry->path().filename().string().starts_with('.');
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    if (!hidden && entry->is_regular_file())
      content.files.push_back({fs::relative(entry->path(), folder).string(), int64_t(entry->file_size())});
  }
  std::sort(content.files.begin(), content.files.end(),
            [](const FolderFile& a, const FolderFile& b) { return a.path < b.path; });
  if (fs::path file = folder / kSubmissionFile; fs::is_regular_file(file)) take_submission(file, content);
  return content;
}

bool is_speedrun(const SubmissionFacts& facts) {
  Runs finished = facts.finished();
  return !finished.empty() && std::all_of(finished.begin(), finished.end(),
                                          [](const RunFacts* run) { return run->loss && !run->bpb; });
}

SubmissionFacts gather_evidence(const fs::path& folder, const std::string& arm) {
  if (!fs::exists(folder)) fail_usage("{}: there is no such folder", folder.string());
  if (!fs::is_directory(folder))
    fail_usage("{}: is a file; name the folder of a submission", folder.string());
  SubmissionFacts facts;
  facts.folder = without_slash(folder);
  facts.arm = arm;
  if (fs::exists(plan_path(folder)))
    gather_from_sweep(facts);
  else
    gather_from_logs(facts);
  if (facts.kind == FolderKind::logs) facts.content = content_of(folder);
  return facts;
}

}  // namespace caddie
