// SPDX-License-Identifier: Apache-2.0
// Names of stages follow from words that labels have in common.
#include "import/foreign_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/characters.h"
#include "base/sealed_json.h"
#include "import/line_fields.h"

namespace caddie {
namespace {

/// Returns how many decimals a score was printed with, 8 at most.
int decimals_of(double value) {
  double scaled = value;
  for (int decimals = 0; decimals < 8; ++decimals, scaled *= 10)
    if (std::abs(scaled - std::round(scaled)) < 1e-7) return decimals;
  return 8;
}

/// Tells whether the two are one number, the one with fewer decimals rounded from the other.
bool is_rounded(double a, double b) {
  int decimals = std::min(decimals_of(a), decimals_of(b));
  return std::abs(a - b) <= 0.5 * std::pow(10, -std::max(decimals, 4)) + 1e-9;
}

/// Tells whether the later score only prints the earlier one again. Scores of one kind may be rounded
/// otherwise; of two kinds only a score with six decimals or more is known again.
bool repeats(const ForeignScore& earlier, const ForeignScore& later) {
  if (!earlier.bpb || !later.bpb)
    return earlier.bpb == later.bpb && earlier.loss == later.loss && earlier.label == later.label;
  double a = *earlier.bpb, b = *later.bpb;
  if (!std::isfinite(a) || !std::isfinite(b)) return earlier.label == later.label;
  if (stage_of(earlier.label) == stage_of(later.label)) return is_rounded(a, b);
  return is_rounded(a, b) && std::min(decimals_of(a), decimals_of(b)) >= 6;
}

bool is_finer(const ForeignScore& a, const ForeignScore& b) {
  return a.bpb && b.bpb && decimals_of(*a.bpb) > decimals_of(*b.bpb);
}

/// Returns a label in small letters, with "_" for all that is neither letter nor digit.
std::string as_name(std::string_view label) {
  std::string name = in_lower_case(label);
  for (char& c : name)
    if (!is_ascii_alphanumeric(c)) c = '_';
  return name;
}

}  // namespace

std::string ForeignRun::setting(std::string_view name) const { return value_of(settings, name); }

int64_t ForeignRun::line_of(std::string_view name) const { return value_of(lines, name); }

std::optional<double> ForeignRun::number(std::string_view name) const { return number_in(setting(name)); }

std::optional<ForeignScore> ForeignRun::last_score() const {
  if (!scores.empty()) {
    ForeignScore last = scores.back();
    // A last line such as "val_bpb: 1.2" only repeats a score, which tells its stage and the loss.
    for (const ForeignScore& score : scores) {
      if (!repeats(score, last)) continue;
      if (last.stage.empty()) last.stage = score.stage;
      if (!last.loss) last.loss = score.loss;
    }
    return last;
  }
  // Where sizes were printed, the score of what was written is missing; a validation before it is none.
  bool ended =
      !training.stopped_by.empty() || (training.planned_steps && training.raw_step == training.planned_steps);
  if (!training.raw_step || !ended || training.raw_step != training.steps || !sizes.empty())
    return std::nullopt;
  ForeignScore score;
  score.label = score.stage = "raw";
  score.bpb = training.raw_bpb;
  score.loss = training.raw_loss;
  return score;
}

std::string ForeignRun::problem() const {
  std::optional<ForeignScore> last = last_score();
  if (!last) {
    std::string where = training.planned_steps
                            ? fmt::format("at step {} of {}", training.steps, *training.planned_steps)
                            : fmt::format("at step {}", training.steps);
    std::string text = "it ends " + where + " without a final score";
    return error.empty() ? text : text + ": " + error;
  }
  for (std::optional<double> value : {last->bpb, last->loss})
    if (value && !std::isfinite(*value)) return fmt::format("its last score is {}", *value);
  return "";
}

std::vector<std::pair<int64_t, double>> ForeignRun::fingerprint() const {
  std::vector<std::pair<int64_t, double>> numbers;
  for (const ForeignPoint& point : course)
    if (std::isfinite(point.value)) numbers.emplace_back(point.step, point.value);
  std::optional<ForeignScore> last = last_score();
  if (!numbers.empty() && last)
    numbers.emplace_back(training.steps, last->bpb.value_or(last->loss.value_or(0)));
  return numbers;
}

std::string ForeignRun::name() const {
  return source.part > 1 ? fmt::format("{}#{}", source.file, source.part) : source.file;
}

std::string ForeignRun::file_name() const { return std::filesystem::path(name()).filename().string(); }

std::string stage_of(std::string_view label) {
  std::string name = as_name(label);
  if (contains_any(name, {"ttt"})) return "ttt";
  if (contains_any(name, {"sliding"})) return "sliding";
  if (contains_any(name, {"pre_quant", "prequant", "post_ema", "post_swa", "post_avg", "averaged"}))
    return "averaged";
  if (contains_any(name, {"roundtrip", "quantized", "post_quant"})) return "roundtrip";
  if (name.starts_with("final_")) name.erase(0, 6);
  return name.empty() ? "final" : name;
}

void name_stages(std::vector<ForeignScore>& scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    ForeignScore& score = scores[i];
    auto begin = scores.begin(), here = begin + long(i);
    auto has_stage = [&](const std::string& stage) {
      return std::any_of(begin, here, [&](const ForeignScore& other) { return other.stage == stage; });
    };
    auto earlier = std::find_if(begin, here, [&](const ForeignScore& other) {
      return !other.stage.empty() && repeats(other, score);
    });
    if (earlier == here) {
      score.stage = stage_of(score.label);
      // Two scores of one kind are told apart by their labels.
      if (has_stage(score.stage)) score.stage = as_name(score.label);
      std::string own = score.stage;
      for (int n = 2; has_stage(score.stage); ++n) score.stage = fmt::format("{}_{}", own, n);
      continue;
    }
    // The printing with the most decimals stands for all, with the time that any of them tells.
    ForeignScore& kept = is_finer(score, *earlier) ? score : *earlier;
    ForeignScore& repeated = &kept == &score ? *earlier : score;
    kept.stage = earlier->stage;
    if (!kept.seconds) kept.seconds = repeated.seconds;
    repeated.stage.clear();
    repeated.seconds.reset();
  }
}

bool is_incidental(std::string_view name) {
  constexpr std::string_view kNames[] = {
      "seed",     "run_id",   "logfile",         "rank",        "local_rank",  "device",      "hostname",
      "run_name", "exp_name", "is_main_process", "distributed", "master_port", "master_addr", "pattern"};
  constexpr std::string_view kEnds[] = {"_path", "_dir", "_files", "_file", "_root", "_glob"};
  for (std::string_view known : kNames)
    if (name == known) return true;
  for (std::string_view end : kEnds)
    if (name.ends_with(end)) return true;
  return name.starts_with("wandb");
}

std::optional<int64_t> seed_in_name(std::string_view name) {
  std::string lower = in_lower_case(name);
  for (std::string_view before : {"seed", "_s", "-s"})
    for (size_t at = lower.find(before); at != std::string::npos; at = lower.find(before, at + 1)) {
      size_t from = at + before.size();
      if (before == "seed" && from < lower.size() &&
          std::string_view("_-=.").find(lower[from]) != std::string_view::npos)
        ++from;
      size_t to = from;
      while (to < lower.size() && is_ascii_digit(lower[to])) ++to;
      bool ends = to == lower.size() || !is_ascii_letter(lower[to]);
      if (to > from && ends) return whole_in(std::string_view(lower).substr(from, to - from));
    }
  return std::nullopt;
}

ForeignRun read_foreign_run(const std::filesystem::path& folder) {
  std::filesystem::path file = folder / kImportFile;
  Json json = read_sealed(file);
  try {
    return read_fields<ForeignRun>(json);
  } catch (const std::exception& error) {
    fail("{}: damaged: not the record of an imported run: {}", file.string(), reason_of(error));
  }
}

}  // namespace caddie
