// SPDX-License-Identifier: Apache-2.0
// A submission is files of certain names, and numbers in submission.json that its logs must bear out.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "statistics/compare.h"
#include "submission/checks.h"

namespace caddie {
namespace {

constexpr double kScoreTolerance = 5e-5;  // scores are claimed with four decimals at least

/// Tells whether a file of the folder matches one of the alternatives of "a.md|b.md".
bool has_file(const FolderFacts& content, const std::string& globs) {
  for (const std::string& glob : split(globs, '|'))
    for (const FolderFile& file : content.files)
      if (matches(glob, file.name())) return true;
  return false;
}

/// Tells whether nothing of a submission but logs is there.
bool is_only_logs(const FolderFacts& content) {
  return std::all_of(content.files.begin(), content.files.end(), [](const FolderFile& file) {
    return matches("*.log*", file.name()) || matches("*.txt*", file.name());
  });
}

/// Holds a field that was found, and the name that it has.
struct Field {
  std::string name;
  const ForeignJson* value = nullptr;
};

/// Returns the field under the first of its names that is there, in the object itself before those in it:
/// what is told of one seed stands deeper than what is told of all.
Field find_field(const ForeignJson& json, const std::vector<std::string>& names) {
  std::vector<const ForeignJson*> level = {&json};
  while (!level.empty()) {
    std::vector<const ForeignJson*> below;
    for (const std::string& name : names)
      for (const ForeignJson* object : level)
        if (auto found = object->find(name); found != object->end() && !found->is_null())
          return {name, &*found};
    for (const ForeignJson* object : level)
      for (const auto& [key, value] : object->items())
        if (value.is_object()) below.push_back(&value);
    level = std::move(below);
  }
  return {};
}

Field field_of(const Rules& rules, const SubmissionFacts& facts, const std::string& what) {
  auto names = rules.form.fields.find(what);
  if (names == rules.form.fields.end() || !facts.content.submission) return {};
  return find_field(*facts.content.submission, names->second);
}

/// Tells whether a field is a text of nothing, as one that is still to fill in.
bool is_left_open(const Field& field) {
  return field.value->is_string() && trimmed(field.value->get<std::string>()).empty();
}

/// Returns why submission.json cannot be looked at; "" when it can.
std::string why_no_submission(const SubmissionFacts& facts) {
  if (facts.kind != FolderKind::logs) return "this is a sweep's folder, no submission's";
  if (!facts.content.damage.empty()) return "submission.json " + facts.content.damage;
  if (!facts.content.submission) return "there is no submission.json";
  return "";
}

RuleFinding without_submission(const SubmissionFacts& facts, std::string asked) {
  RuleFinding finding;
  finding.asked = std::move(asked);
  finding.add(facts.content.damage.empty() ? RuleVerdict::not_shown : RuleVerdict::not_met,
              why_no_submission(facts));
  return finding;
}

/// Holds the score that is claimed against those of the runs.
void compare_score(const Field& claimed, const Runs& runs, RuleFinding& finding) {
  if (!claimed.value || !claimed.value->is_number()) return;
  double score = claimed.value->get<double>();
  std::vector<double> scores;
  const RunFacts* alone = nullptr;
  for (const RunFacts* run : runs) {
    if (!run->bpb) continue;
    scores.push_back(run->bpb->value);
    if (std::abs(run->bpb->value - score) <= kScoreTolerance) alone = run;
  }
  if (scores.empty()) return;
  double mean = summarize(scores).mean;
  std::string text =
      fmt::format("{} {:.8g}, the mean of {} runs is {:.8g}", claimed.name, score, scores.size(), mean);
  if (std::abs(mean - score) <= kScoreTolerance * (1 + 1e-9))
    finding.add(RuleVerdict::met, text);
  else if (alone)
    finding.add(RuleVerdict::not_shown,
                fmt::format("{}; it is that of one run ({})", text, alone->bpb->where));
  else
    finding.add(RuleVerdict::not_met, text);
}

/// Holds scores that are claimed of single seeds against those of their logs.
void compare_seeds(const std::vector<RunFacts>& claimed, const Runs& runs, RuleFinding& finding) {
  int64_t agree = 0;
  for (const RunFacts& claim : claimed) {
    auto of_seed = [&](const RunFacts* run) { return run->seed && run->seed->value == claim.seed->value; };
    auto run = std::find_if(runs.begin(), runs.end(), of_seed);
    if (!claim.bpb || (run != runs.end() && !(*run)->bpb)) continue;
    if (run == runs.end())
      finding.add(RuleVerdict::not_shown,
                  fmt::format("no log is there of seed {}, of which a score is claimed", claim.seed->value));
    else if (std::abs((*run)->bpb->value - claim.bpb->value) > kScoreTolerance)
      finding.add(RuleVerdict::not_met,
                  fmt::format("seed {}: {:.8g}, its log has {:.8g} ({})", claim.seed->value, claim.bpb->value,
                              (*run)->bpb->value, (*run)->bpb->where));
    else
      ++agree;
  }
  if (agree > 0)
    finding.add(RuleVerdict::met, fmt::format("the scores of {} seeds are those of their logs", agree));
}

/// Holds the bytes that are claimed against the largest that a run prints.
void compare_bytes(const Field& claimed, const Runs& runs, RuleFinding& finding) {
  if (!claimed.value || !claimed.value->is_number_integer()) return;
  const RunFacts* run = largest(runs, [](const RunFacts& one) { return one.artifact_bytes; });
  if (!run || run->artifact_bytes->value == 0) return;
  const Shown<int64_t>& most = *run->artifact_bytes;
  int64_t bytes = claimed.value->get<int64_t>();
  bool is_printed = std::any_of(runs.begin(), runs.end(), [&](const RunFacts* one) {
    return one->artifact_bytes && one->artifact_bytes->value == bytes;
  });
  std::string text = fmt::format("{} {}, the largest of the runs has {} ({})", claimed.name,
                                 with_commas(bytes), with_commas(most.value), most.where);
  if (bytes >= most.value || is_printed)
    finding.add(RuleVerdict::met, text);
  else
    finding.add(RuleVerdict::not_shown,
                text + "; no run has as few as claimed, or code was counted otherwise");
}

}  // namespace

std::optional<RuleFinding> check_files(const Rules& rules, const SubmissionFacts& facts) {
  if (rules.form.files.empty()) return std::nullopt;
  RuleFinding finding;
  finding.asked = "the files " + join(rules.form.files, ", ");
  if (facts.kind != FolderKind::logs) {
    finding.add(RuleVerdict::not_shown, why_no_submission(facts));
    return finding;
  }
  std::vector<std::string> missing;
  for (const std::string& globs : rules.form.files)
    if (!has_file(facts.content, globs)) missing.push_back(globs);
  if (missing.empty())
    finding.add(RuleVerdict::met, fmt::format("all are there, of {} files", facts.content.files.size()));
  else if (is_only_logs(facts.content))
    finding.add(RuleVerdict::not_shown, "a folder of logs only; there is no " + join(missing, ", no "));
  else
    finding.add(RuleVerdict::not_met, "there is no " + join(missing, ", no "));
  return finding;
}

std::optional<RuleFinding> check_fields(const Rules& rules, const SubmissionFacts& facts) {
  if (rules.form.fields.empty()) return std::nullopt;
  std::vector<std::string> wanted, there, missing;
  for (const auto& [what, names] : rules.form.fields) wanted.push_back(what);
  std::string asked = "submission.json tells " + join(wanted, ", ");
  if (!why_no_submission(facts).empty()) return without_submission(facts, asked);
  RuleFinding finding;
  finding.asked = asked;
  for (const auto& [what, names] : rules.form.fields)
    if (Field field = find_field(*facts.content.submission, names); field.value && is_left_open(field))
      missing.push_back(field.name + " (it is empty)");
    else if (field.value)
      there.push_back(field.name == what ? what : fmt::format("{} as {}", what, field.name));
    else
      missing.push_back(fmt::format("{} (one of {})", what, join(names, ", ")));
  if (!there.empty()) finding.add(RuleVerdict::met, "there are " + join(there, ", "));
  if (!missing.empty()) finding.add(RuleVerdict::not_met, "missing: " + join(missing, "; "));
  return finding;
}

std::optional<RuleFinding> check_claims(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.form.claims) return std::nullopt;
  std::string asked = "score and bytes in submission.json are those of the logs";
  if (!why_no_submission(facts).empty()) return without_submission(facts, asked);
  RuleFinding finding;
  finding.asked = asked;
  Runs runs = facts.finished();
  std::erase_if(runs, [](const RunFacts* run) { return run->is_claim; });
  if (runs.empty()) {
    finding.add(RuleVerdict::not_shown, "there is no log to hold it against");
    return finding;
  }
  compare_score(field_of(rules, facts, "val_bpb"), runs, finding);
  compare_seeds(facts.content.claimed, runs, finding);
  compare_bytes(field_of(rules, facts, "bytes"), runs, finding);
  if (finding.evidence.empty())
    finding.add(RuleVerdict::not_shown, "it tells no number that a log prints as well");
  return finding;
}

}  // namespace caddie
