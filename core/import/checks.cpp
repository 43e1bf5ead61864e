// SPDX-License-Identifier: Apache-2.0
// Each check is a function of an arm's runs; those that ask one run alone name the runs that answer alike
// together.
#include "import/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "import/provenance_checks.h"
#include "import/score_checks.h"

namespace caddie {
namespace {

/// Returns "a.log", "a.log and b.log" or "a.log and 3 more".
std::string some_of(const std::vector<std::string>& names) {
  if (names.size() == 1) return names[0];
  if (names.size() == 2) return names[0] + " and " + names[1];
  return fmt::format("{} and {} more", names[0], names.size() - 1);
}

/// Checks one arm.
class ArmChecks {
 public:
  ArmChecks(const std::vector<ForeignRun>& runs, const ArmGroup& arm) : runs_(runs), arm_(arm) {}

  std::vector<ImportNote> check() {
    ask_each("bytes_per_token", wrong_bytes);
    // Where bytes are wrong because of the tokens, that is told already.
    ask_each("validation_tokens",
             [](const ForeignRun& run) { return wrong_bytes(run).empty() ? wrong_tokens(run) : ""; });
    ask_each("scored_tokens", unscored_part);
    compare_seeds();
    compare_settings();
    compare_data();
    compare_provenance();
    compare_courses();
    compare_stages();
    return std::move(notes_);
  }

 private:
  void note(const char* kind, std::string text, std::vector<std::string> files, bool parts_runs) {
    notes_.push_back({kind, arm_.label, std::move(text), std::move(files), parts_runs});
  }

  /// Adds a note for each thing that is wrong with some runs, with the names of these.
  template <class Ask>
  void ask_each(const char* kind, Ask ask) {
    std::vector<std::pair<std::string, std::vector<std::string>>> answers;
    for (size_t i : arm_.runs) {
      std::string answer = ask(runs_[i]);
      if (answer.empty()) continue;
      auto same = [&](const auto& known) { return known.first == answer; };
      auto found = std::find_if(answers.begin(), answers.end(), same);
      if (found == answers.end()) found = answers.insert(found, {answer, {}});
      found->second.push_back(runs_[i].name());
    }
    for (auto& [answer, files] : answers) {
      std::vector<std::string> names;
      for (const std::string& file : files) names.push_back(std::filesystem::path(file).filename().string());
      note(kind, some_of(names) + ": " + answer, files, false);
    }
  }

  void compare_seeds() {
    std::map<int64_t, std::vector<size_t>> by_seed;
    for (size_t i : arm_.runs)
      if (runs_[i].seed && runs_[i].problem().empty()) by_seed[*runs_[i].seed].push_back(i);
    for (const auto& [seed, same] : by_seed) {
      if (same.size() < 2) continue;
      std::vector<std::string> names, files;
      for (size_t i : same) {
        names.push_back(runs_[i].file_name());
        files.push_back(runs_[i].name());
      }
      note("same_seed", fmt::format("seed {} was run {} times ({})", seed, same.size(), join(names, ", ")),
           files, true);
    }
  }

  void compare_settings() {
    std::vector<std::string> names = differing_settings(runs_, arm_.runs);
    if (names.empty()) return;
    std::vector<std::string> shown;
    for (size_t n = 0; n < std::min<size_t>(names.size(), 4); ++n) {
      std::set<std::string> values;
      for (size_t i : arm_.runs) {
        std::string text = runs_[i].setting(names[n]);
        values.insert(text.empty() ? "-" : printable(text));
      }
      std::vector<std::string> listed(values.begin(), values.end());
      shown.push_back(names[n] + " (" + join(listed, ", ") + ")");
    }
    std::string more = names.size() > 4 ? fmt::format(" and {} more", names.size() - 4) : "";
    note("settings_differ", "its runs differ in " + join(shown, ", ") + more, files_of(arm_.runs), true);
  }

  void compare_data() {
    std::set<int64_t> tokens;
    std::vector<std::string> shown;
    for (size_t i : arm_.runs)
      if (runs_[i].validation_tokens && tokens.insert(*runs_[i].validation_tokens).second)
        shown.push_back(with_commas(*runs_[i].validation_tokens));
    if (tokens.size() > 1)
      note("validation_tokens", "its runs were scored on texts of " + join(shown, " and ") + " tokens",
           files_of(arm_.runs), true);
  }

  void compare_provenance() {
    std::vector<const ForeignRun*> runs;
    for (size_t i : arm_.runs) runs.push_back(&runs_[i]);
    std::vector<Stranger> strangers = strangers_among(runs);
    for (const Stranger& stranger : strangers)
      note(
          "another_record",
          stranger.run->file_name() + " looks like a run of another record: " + join(stranger.evidence, "; "),
          {stranger.run->name()}, true);
  }

  /// Finds runs whose numbers are the same though their seeds are not: one run under two names, or a seed
  /// that changes nothing.
  void compare_courses() {
    constexpr size_t kFewest = 4;
    std::map<std::vector<std::pair<int64_t, double>>, std::vector<size_t>> by_course;
    for (size_t i : arm_.runs) {
      std::vector<std::pair<int64_t, double>> course = runs_[i].fingerprint();
      if (course.size() >= kFewest) by_course[course].push_back(i);
    }
    for (const auto& [course, same] : by_course) {
      std::set<std::optional<int64_t>> seeds;
      std::vector<std::string> names;
      for (size_t i : same) {
        seeds.insert(runs_[i].seed);
        names.push_back(runs_[i].file_name());
      }
      if (seeds.size() > 1)
        note("same_course",
             join(names, " and ") + " print the same losses and score though their seeds differ",
             files_of(same), true);
    }
  }

  void compare_stages() {
    std::map<std::string, std::vector<std::string>> by_stage;
    for (size_t i : arm_.runs)
      if (std::optional<ForeignScore> last = runs_[i].last_score(); last && runs_[i].problem().empty())
        by_stage[last->stage].push_back(runs_[i].name());
    if (by_stage.size() < 2) return;
    std::vector<std::string> parts;
    for (const auto& [stage, files] : by_stage) parts.push_back(fmt::format("{} of {}", stage, files.size()));
    note("other_stage", "the last scores of its runs are of different stages: " + join(parts, ", "),
         files_of(arm_.runs), true);
  }

  std::vector<std::string> files_of(const std::vector<size_t>& among) const {
    std::vector<std::string> files;
    for (size_t i : among) files.push_back(runs_[i].name());
    return files;
  }

  const std::vector<ForeignRun>& runs_;
  const ArmGroup& arm_;
  std::vector<ImportNote> notes_;
};

/// Returns the label of the arm that holds the run; "" when none does.
std::string arm_of(size_t run, const std::vector<ArmGroup>& arms) {
  for (const ArmGroup& arm : arms)
    if (std::count(arm.runs.begin(), arm.runs.end(), run) > 0) return arm.label;
  return "";
}

}  // namespace

std::vector<ImportNote> check_arm(const std::vector<ForeignRun>& runs, const ArmGroup& arm) {
  return ArmChecks(runs, arm).check();
}

std::vector<ImportNote> check_reruns(const std::vector<ForeignRun>& runs, const std::vector<ArmGroup>& arms) {
  std::map<std::string, std::vector<size_t>> by_folder;
  for (size_t i = 0; i < runs.size(); ++i) by_folder[runs[i].source.folder].push_back(i);
  std::vector<ImportNote> notes;
  for (const auto& [folder, among] : by_folder) {
    std::vector<std::string> names, files, seeds;
    std::string arm;
    for (size_t i : among) {
      if (!says_rerun(runs[i].file_name()) || !runs[i].seed) continue;
      bool again = std::any_of(among.begin(), among.end(), [&](size_t other) {
        return other != i && runs[other].seed == runs[i].seed && !says_rerun(runs[other].file_name());
      });
      if (!again) continue;
      names.push_back(runs[i].file_name());
      files.push_back(runs[i].name());
      seeds.push_back(std::to_string(*runs[i].seed));
      arm = arm_of(i, arms);
    }
    if (names.empty()) continue;
    std::string text =
        fmt::format("{}: reruns, by their names, of seeds that are there already ({}); a seed counts once",
                    some_of(names), join(seeds, ", "));
    notes.push_back({"rerun", arm, text, files, false});
  }
  return notes;
}

std::vector<ImportNote> check_files(const std::vector<ForeignRun>& runs, const std::vector<ArmGroup>& arms) {
  std::vector<ImportNote> notes;
  std::map<std::string, int64_t> parts;
  for (const ForeignRun& run : runs)
    if (run.source.format == "log")
      parts[run.source.file] = std::max(parts[run.source.file], run.source.part);
  for (size_t i = 0; i < runs.size(); ++i) {
    const ForeignSource& source = runs[i].source;
    if (source.part > 1 && parts[source.file] == source.part)
      notes.push_back(
          {"several_runs",
           arm_of(i, arms),
           fmt::format("{} holds {} runs, one behind the other; each is a row", source.file, source.part),
           {source.file},
           false});
  }
  return notes;
}

}  // namespace caddie
