// SPDX-License-Identifier: Apache-2.0
// A finding without evidence would be none, so every check says at least what it found nothing in.
#include "submission/checklist.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "report/cells.h"
#include "submission/score_test.h"

namespace caddie {
namespace {

/// Returns what kind of folder it is.
std::string_view name_of_kind(FolderKind kind) {
  switch (kind) {
    case FolderKind::logs:
      return "logs";
    case FolderKind::imported:
      return "import";
    case FolderKind::sweep:
      return "sweep";
  }
  return "";
}

/// Returns a run's seed and scores on one line.
std::string run_line(const RunFacts& run) {
  std::string text = "  " + run.name;
  if (run.seed) text += fmt::format("  seed {}", run.seed->value);
  if (run.bpb) text += fmt::format("  val_bpb {:.6f}", run.bpb->value);
  if (run.loss) text += fmt::format("  val_loss {:.6f}", run.loss->value);
  if (!run.stage.empty()) text += fmt::format("  ({})", run.stage);
  return text + (run.is_finished() ? "\n" : fmt::format("  does not count: {}\n", run.problem));
}

template <class T>
Json value_or_null(const MaybeShown<T>& shown) {
  return shown ? Json(shown->value) : Json();
}

Json run_json_of(const RunFacts& run) {
  return {{"name", run.name},
          {"seed", value_or_null(run.seed)},
          {"val_bpb", value_or_null(run.bpb)},
          {"val_loss_nats", value_or_null(run.loss)},
          {"stage", run.stage},
          {"artifact_bytes", value_or_null(run.artifact_bytes)},
          {"train_time_s", value_or_null(run.train_seconds)},
          {"eval_time_s", value_or_null(run.eval_seconds)},
          {"problem", run.problem}};
}

Json sample_json(const Sample& sample) {
  return {{"n", sample.n}, {"mean", number_or_null(sample.mean)}, {"sd", number_or_null(sample.sd)}};
}

/// Returns the numbers of the test of scores; null where the rules ask for none, or there can be none.
Json test_json(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.significance) return nullptr;
  ScoreTest test = test_scores(*rules.significance, facts);
  if (!test.impossible.empty()) return nullptr;
  return {{"test", test.tested.test},
          {"metric", test.metric},
          {"own", sample_json(test.own)},
          {"record", test.target ? Json() : sample_json(test.record)},
          {"target", test.target ? Json(*test.target) : Json()},
          {"delta", number_or_null(test.plain.delta)},
          {"margin", test.margin},
          {"alpha", rules.significance->alpha},
          {"t", number_or_null(test.tested.t)},
          {"df", number_or_null(test.tested.df)},
          {"p", number_or_null(test.tested.p)},
          {"p_without_margin", number_or_null(test.plain.p)}};
}

}  // namespace

size_t Checklist::count(RuleVerdict verdict) const {
  return size_t(std::count_if(lines.begin(), lines.end(),
                              [&](const ChecklistLine& line) { return line.finding.verdict == verdict; }));
}

bool Checklist::passes(bool strict) const {
  return count(RuleVerdict::not_met) == 0 && (!strict || count(RuleVerdict::not_shown) == 0);
}

Checklist checklist_of(const Rules& rules, const SubmissionFacts& facts) {
  Checklist checklist;
  for (const SubmissionCheck& check : submission_checks())
    if (std::optional<RuleFinding> finding = check.find(rules, facts))
      checklist.lines.push_back({check.name, std::move(*finding)});
  return checklist;
}

std::string text_of(const Checklist& checklist, const Rules& rules, const SubmissionFacts& facts) {
  std::string text = fmt::format("rules: {} ({}), from {}\n", rules.name, rules.title, rules.source);
  text += fmt::format("{} in {}{}\n", counted(int64_t(facts.runs.size()), "run"), facts.folder.string(),
                      facts.arm.empty() ? "" : ", arm " + facts.arm);
  for (const RunFacts& run : facts.runs) text += run_line(run);
  for (const std::string& file : facts.left_out) text += fmt::format("  left out: {}\n", file);
  text += '\n';
  for (const ChecklistLine& line : checklist.lines) {
    const RuleFinding& finding = line.finding;
    text += fmt::format("{:<10} {:<17} {}\n", name_of(finding.verdict), line.name, finding.asked);
    for (const std::string& evidence : finding.evidence) text += fmt::format("{:29}{}\n", "", evidence);
  }
  return text + fmt::format("\n{} met, {} not met, {} not shown\n", checklist.count(RuleVerdict::met),
                            checklist.count(RuleVerdict::not_met), checklist.count(RuleVerdict::not_shown));
}

Json json_of(const Checklist& checklist, const Rules& rules, const SubmissionFacts& facts, bool strict) {
  Json runs = Json::array(), checks = Json::array();
  for (const RunFacts& run : facts.runs) runs.push_back(run_json_of(run));
  for (const ChecklistLine& line : checklist.lines)
    checks.push_back({{"check", line.name},
                      {"verdict", name_of(line.finding.verdict)},
                      {"asked", line.finding.asked},
                      {"evidence", line.finding.evidence}});
  return {{"folder", facts.folder.string()},
          {"kind", name_of_kind(facts.kind)},
          {"arm", facts.arm},
          {"rules", rules.name},
          {"rules_file", rules.file.string()},
          {"source", rules.source},
          {"against", facts.record_name},
          {"runs", runs},
          {"left_out", facts.left_out},
          {"checks", checks},
          {"significance", test_json(rules, facts)},
          {"met", checklist.count(RuleVerdict::met)},
          {"not_met", checklist.count(RuleVerdict::not_met)},
          {"not_shown", checklist.count(RuleVerdict::not_shown)},
          {"strict", strict},
          {"passes", checklist.passes(strict)}};
}

}  // namespace caddie
