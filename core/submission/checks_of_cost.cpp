// SPDX-License-Identifier: Apache-2.0
// What a submission costs is that of its most expensive run.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "statistics/compare.h"
#include "submission/checks.h"

namespace caddie {
namespace {

std::string runs_text(const Runs& runs) { return counted(int64_t(runs.size()), "run"); }

/// Adds that nothing shows a number of some runs, with their names, or that there is no run.
template <class Get>
void tell_missing(const Runs& runs, const char* what, Get get, RuleFinding& finding) {
  std::vector<std::string> names;
  for (const RunFacts* run : runs)
    if (!get(*run)) names.push_back(run->name);
  if (runs.empty())
    finding.add(RuleVerdict::not_shown, "no run is finished");
  else if (names.size() == runs.size())
    finding.add(RuleVerdict::not_shown, fmt::format("no run tells {}", what));
  else if (!names.empty())
    finding.add(RuleVerdict::not_shown, fmt::format("{} is not told by {}", what, join(names, ", ")));
}

/// Returns the bytes that count of a run: those that it prints in all, or those of model and code where these
/// are more.
MaybeShown<int64_t> counted_bytes(const RunFacts& run) {
  MaybeShown<int64_t> counted = run.artifact_bytes;
  if (run.model_bytes && run.code_bytes) {
    int64_t sum = run.model_bytes->value + run.code_bytes->value;
    if (!counted || sum > counted->value) counted = Shown<int64_t>{sum, run.model_bytes->where};
  }
  return counted;
}

/// Returns "15,994,604 bytes (train.log:146), 5,396 below" for the limit 16,000,000.
std::string bytes_text(const Shown<int64_t>& bytes, int64_t limit) {
  int64_t spare = limit - bytes.value;
  std::string place = fmt::format("{} bytes ({})", with_commas(bytes.value), bytes.where);
  if (spare >= 0) return fmt::format("{}, {} to spare", place, with_commas(spare));
  bool binary = limit == 16'000'000 && bytes.value <= 16 * (1 << 20);
  return fmt::format("{}, {} too many{}", place, with_commas(-spare),
                     binary ? "; the limit is decimal, not 16 MiB" : "");
}

/// Tells whether the file lies right in the folder and one of the globs matches its name.
bool is_one_of(const FolderFile& file, const std::vector<std::string>& globs) {
  auto fits = [&](const std::string& glob) { return matches(glob, file.name()); };
  return file.is_right_in_folder() && std::any_of(globs.begin(), globs.end(), fits);
}

/// Returns the bytes of the files in the folder that match; nothing when none does.
MaybeShown<int64_t> bytes_in_folder(const FolderFacts& content, const std::vector<std::string>& globs) {
  MaybeShown<int64_t> sum;
  for (const FolderFile& file : content.files) {
    if (!is_one_of(file, globs)) continue;
    if (!sum) sum = Shown<int64_t>{0, ""};
    sum->value += file.bytes;
    sum->where += (sum->where.empty() ? "" : ", ") + file.path;
  }
  return sum;
}

/// Holds the code that lies in the folder against what the runs counted of it.
void compare_code(const Runs& runs, const Rules& rules, const MaybeShown<int64_t>& code,
                  RuleFinding& finding) {
  const RunFacts* run = largest(runs, [](const RunFacts& one) { return one.model_bytes; });
  if (!code || !run) return;
  int64_t printed = run->code_bytes ? run->code_bytes->value : 0;
  Shown<int64_t> total{run->model_bytes->value + code->value,
                       run->model_bytes->where + " and " + code->where};
  bool is_over = total.value > rules.bytes.limit_bytes;
  if (code->value == printed || (!is_over && code->value <= printed)) return;
  std::string counted = run->code_bytes ? ", where the log counts " + with_commas(printed) : "";
  std::string text = fmt::format("{} has {} bytes{}: {}", code->where, with_commas(code->value), counted,
                                 bytes_text(total, rules.bytes.limit_bytes));
  if (!is_over)
    finding.add(RuleVerdict::met, text);
  else if (run->code_is_packed)
    finding.add(RuleVerdict::not_shown,
                text + "; the log counts compressed code, which the folder does not hold");
  else
    finding.add(RuleVerdict::not_met, text);
}

/// Holds each file of weights that lies in the folder against the limit.
void compare_artifacts(const Runs& runs, const Rules& rules, const FolderFacts& content,
                       const MaybeShown<int64_t>& code, RuleFinding& finding) {
  const RunFacts* run = largest(runs, [](const RunFacts& one) { return one.code_bytes; });
  MaybeShown<int64_t> counted = run ? run->code_bytes : code;
  for (const FolderFile& file : content.files) {
    if (!is_one_of(file, rules.bytes.artifacts)) continue;
    Shown<int64_t> total{file.bytes + (counted ? counted->value : 0),
                         file.path + (counted ? " and code of " + counted->where : "")};
    finding.add(total.value > rules.bytes.limit_bytes ? RuleVerdict::not_met : RuleVerdict::met,
                bytes_text(total, rules.bytes.limit_bytes));
  }
}

/// Says that the size is not that of code and weights where a run counts no code and the folder holds none.
void tell_uncounted_code(const Runs& runs, const MaybeShown<int64_t>& code, RuleFinding& finding) {
  for (const RunFacts* run : runs)
    if (!code && run->code_bytes && run->code_bytes->value == 0) {
      finding.add(RuleVerdict::not_shown,
                  fmt::format("no code is counted ({}); a run of Caddie counts what budget.code_bytes says",
                              run->code_bytes->where));
      return;
    }
}

/// Finds whether a time of every run lies within a cap.
template <class Get>
RuleFinding find_time(const SubmissionFacts& facts, double cap, double slack, const char* what, Get get) {
  RuleFinding finding;
  Runs runs = facts.finished();
  if (const RunFacts* slowest = largest(runs, get)) {
    double seconds = get(*slowest)->value;
    bool is_over = !(seconds <= cap + slack);
    finding.add(is_over ? RuleVerdict::not_met : RuleVerdict::met,
                fmt::format("longest of {}: {:.3f} s ({}){}", runs_text(runs), seconds, get(*slowest)->where,
                            is_over ? fmt::format(", {:.3f} s too long", seconds - cap) : ""));
  }
  tell_missing(runs, what, get, finding);
  return finding;
}

/// Returns the mean training time, over all runs; NaN when one does not tell it.
double mean_train_seconds(const Runs& runs) {
  std::vector<double> seconds;
  for (const RunFacts* run : runs) {
    if (!run->train_seconds) return kUnknown;
    seconds.push_back(run->train_seconds->value);
  }
  return summarize(seconds).mean;
}

void check_gpu_count(const Runs& runs, int64_t wanted, RuleFinding& finding) {
  auto count = [](const RunFacts& run) { return run.gpus; };
  auto listed = [](const RunFacts& run) { return run.gpus ? run.gpus : run.listed_gpus; };
  for (const RunFacts* run : runs)
    if (run->gpus && run->gpus->value != wanted) {
      finding.add(RuleVerdict::not_met,
                  run->gpus->value == 0 ? fmt::format("made on a CPU ({})", run->gpus->where)
                                        : fmt::format("{} GPUs ({})", run->gpus->value, run->gpus->where));
      return;
    }
  if (const RunFacts* run = largest(runs, count))
    finding.add(RuleVerdict::met,
                fmt::format("{} ranks, one a GPU ({})", run->gpus->value, run->gpus->where));
  for (const RunFacts* run : runs)
    if (!run->gpus && run->listed_gpus) {
      Shown<int64_t> shown = *run->listed_gpus;
      finding.add(shown.value == wanted ? RuleVerdict::met : RuleVerdict::not_shown,
                  fmt::format("nvidia-smi lists {} GPUs ({})", shown.value, shown.where));
      break;
    }
  tell_missing(runs, "the number of GPUs", listed, finding);
}

/// Returns what submission.json says of the machine, which stands for itself only.
std::string stated_hardware(const FolderFacts& content) {
  if (!content.submission) return "";
  for (const char* name : {"hardware", "gpu", "gpus", "gpu_type"})
    if (auto found = content.submission->find(name); found != content.submission->end() && found->is_string())
      return found->get<std::string>();
  return "";
}

void check_gpu_name(const Runs& runs, const std::string& glob, const FolderFacts& content,
                    RuleFinding& finding) {
  auto name = [](const RunFacts& run) { return run.gpu; };
  const RunFacts* shown = nullptr;
  for (const RunFacts* run : runs) {
    if (run->gpu && !matches(glob, run->gpu->value)) {
      finding.add(RuleVerdict::not_met, fmt::format("{} ({})", run->gpu->value, run->gpu->where));
      return;
    }
    if (run->gpu && !shown) shown = run;
  }
  std::string stated = stated_hardware(content);
  if (shown)
    finding.add(RuleVerdict::met, fmt::format("{} ({})", shown->gpu->value, shown->gpu->where));
  else if (!stated.empty())
    finding.add(matches(glob, stated) ? RuleVerdict::met : RuleVerdict::not_met,
                fmt::format("\"{}\" (submission.json says so; no log does)", printable(stated)));
  else
    tell_missing(runs, "the name of its GPU", name, finding);
}

}  // namespace

std::optional<RuleFinding> check_bytes(const Rules& rules, const SubmissionFacts& facts) {
  int64_t limit = rules.bytes.limit_bytes;
  if (limit == 0) return std::nullopt;
  RuleFinding finding;
  finding.asked = fmt::format("at most {} bytes of code and weights", with_commas(limit));
  Runs runs = facts.finished();
  if (const RunFacts* run = largest(runs, counted_bytes)) {
    Shown<int64_t> most = *counted_bytes(*run);
    finding.add(most.value > limit ? RuleVerdict::not_met : RuleVerdict::met,
                fmt::format("largest of {}: {}", runs_text(runs), bytes_text(most, limit)));
  }
  tell_missing(runs, "the size of code and weights", counted_bytes, finding);
  MaybeShown<int64_t> code = bytes_in_folder(facts.content, rules.bytes.code);
  tell_uncounted_code(runs, code, finding);
  compare_code(runs, rules, code, finding);
  compare_artifacts(runs, rules, facts.content, code, finding);
  return finding;
}

std::optional<RuleFinding> check_train_time(const Rules& rules, const SubmissionFacts& facts) {
  const TimeRules& time = rules.time;
  if (time.train_seconds == 0) return std::nullopt;
  RuleFinding finding = find_time(facts, time.train_seconds, time.train_slack_seconds, "its training time",
                                  [](const RunFacts& run) { return run.train_seconds; });
  finding.asked = fmt::format("at most {:g} s of training, {:g} s more for the step in which they end",
                              time.train_seconds, time.train_slack_seconds);
  return finding;
}

std::optional<RuleFinding> check_eval_time(const Rules& rules, const SubmissionFacts& facts) {
  if (rules.time.eval_seconds == 0) return std::nullopt;
  RuleFinding finding = find_time(facts, rules.time.eval_seconds, 0, "the time of the evaluation that counts",
                                  [](const RunFacts& run) { return run.eval_seconds; });
  finding.asked = fmt::format("at most {:g} s for the evaluation that counts", rules.time.eval_seconds);
  return finding;
}

std::optional<RuleFinding> check_faster(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.time.beat_record) return std::nullopt;
  RuleFinding finding;
  finding.asked = "a shorter training than the record's";
  if (facts.record.empty()) {
    finding.add(RuleVerdict::not_shown, "no record is named; give its folder with --against");
    return finding;
  }
  double own = mean_train_seconds(facts.finished()), record = mean_train_seconds(finished_of(facts.record));
  if (std::isfinite(own) && std::isfinite(record))
    finding.add(own < record ? RuleVerdict::met : RuleVerdict::not_met,
                fmt::format("{:.3f} s on average of {}, {:.3f} s in {}", own, runs_text(facts.finished()),
                            record, facts.record_name));
  else
    finding.add(RuleVerdict::not_shown, "not every run tells its training time");
  return finding;
}

std::optional<RuleFinding> check_hardware(const Rules& rules, const SubmissionFacts& facts) {
  const HardwareRules& wanted = rules.hardware;
  if (wanted.gpus == 0 && wanted.gpu.empty()) return std::nullopt;
  RuleFinding finding;
  std::vector<std::string> words;
  if (wanted.gpus > 0) words.push_back(fmt::format("{} GPUs", wanted.gpus));
  if (!wanted.gpu.empty()) words.push_back("called " + wanted.gpu);
  finding.asked = join(words, " ");
  Runs runs = facts.finished();
  if (wanted.gpus > 0) check_gpu_count(runs, wanted.gpus, finding);
  if (!wanted.gpu.empty() && finding.verdict != RuleVerdict::not_met)
    check_gpu_name(runs, wanted.gpu, facts.content, finding);
  return finding;
}

}  // namespace caddie
