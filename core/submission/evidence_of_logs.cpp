// SPDX-License-Identifier: Apache-2.0
// What a log tells is what `caddie import` reads of it, with the lines that tell it.
#include <fmt/format.h>

#include <algorithm>

#include "base/characters.h"
#include "import/score_checks.h"
#include "submission/evidence.h"

namespace caddie {
namespace {

/// Returns "train.log:12", or the name alone where no line is known.
std::string place_in(const ForeignRun& run, int64_t line) {
  return line > 0 ? fmt::format("{}:{}", run.file_name(), line) : run.file_name();
}

template <class T>
MaybeShown<T> shown_by(const ForeignRun& run, const std::optional<T>& value, std::string_view name) {
  if (!value) return std::nullopt;
  return Shown<T>{*value, place_in(run, run.line_of(name))};
}

/// Returns the line that prints the score that counts with the most of what is known of it.
int64_t line_of_score(const ForeignRun& run, const ForeignScore& last) {
  for (const ForeignScore& score : run.scores)
    if (score.stage == last.stage && score.line > 0 && score.loss) return score.line;
  return last.line;
}

/// Returns the time that the evaluation took whose score counts.
MaybeShown<double> seconds_of_evaluation(const ForeignRun& run, const ForeignScore& last) {
  for (const ForeignScore& score : run.scores)
    if (score.stage == last.stage && score.seconds)
      return Shown<double>{*score.seconds, place_in(run, score.line)};
  if (last.seconds) return Shown<double>{*last.seconds, place_in(run, last.line)};
  return std::nullopt;
}

void add_scores(const ForeignRun& run, RunFacts& facts) {
  std::optional<ForeignScore> last = run.last_score();
  if (!last) return;
  std::string where = place_in(run, line_of_score(run, *last));
  if (last->bpb) facts.bpb = Shown<double>{*last->bpb, where};
  if (last->loss) facts.loss = Shown<double>{*last->loss, where};
  facts.stage = last->stage;
  facts.eval_seconds = seconds_of_evaluation(run, *last);
  facts.tokenizer = tokenizer_of(run);
  facts.bytes_per_token = bytes_per_token(last->loss, last->bpb);
  bool last_is_right = facts.tokenizer && facts.bytes_per_token &&
                       is_near(*facts.bytes_per_token, facts.tokenizer->bytes_per_token, kByteTolerance);
  if (!facts.tokenizer || last_is_right) facts.other_bytes = wrong_bytes(run);
}

/// Returns the last name of a path, which may end in slashes.
std::string last_name_of(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path.substr(path.find_last_of('/') + 1);
}

/// Returns what the log prints of the data, without the folders above them, in which machines differ.
Labelled<std::string> data_names(const ForeignRun& run) {
  Labelled<std::string> names;
  for (const char* setting :
       {"datasets_dir", "data_path", "train_loader", "tokenizer_path", "tokenizer_kind"})
    if (std::string text = run.setting(setting); !text.empty())
      names.emplace_back(setting, last_name_of(text));
  if (run.train_shards) names.emplace_back("train_shards", std::to_string(*run.train_shards));
  if (run.validation_tokens) names.emplace_back("val_tokens", std::to_string(*run.validation_tokens));
  return names;
}

/// Tells whether the size of the code was printed as it is compressed.
bool prints_packed_code(const ForeignRun& run) {
  return std::any_of(run.sizes.begin(), run.sizes.end(), [](const ForeignSize& size) {
    std::string label = in_lower_case(size.label);
    return label.starts_with("code size") && label.find("uncompressed") == std::string::npos &&
           label.find("compressed") != std::string::npos;
  });
}

bool prints_settings(const ForeignRun& run) {
  return std::any_of(run.settings.begin(), run.settings.end(),
                     [](const auto& setting) { return !is_incidental(setting.first); });
}

void add_machine(const ForeignRun& run, RunFacts& facts) {
  if (std::optional<double> ranks = run.number("world_size"); ranks && *ranks >= 1)
    facts.gpus = Shown<int64_t>{int64_t(*ranks), place_in(run, run.line_of("world_size"))};
  facts.listed_gpus = shown_by(run, run.devices, "devices");
  if (std::string gpu = value_of(run.environment, "gpu"); !gpu.empty())
    facts.gpu = Shown<std::string>{gpu, place_in(run, run.line_of("gpu"))};
}

}  // namespace

RunFacts facts_of(const ForeignRun& run) {
  RunFacts facts;
  facts.name = run.file_name();
  facts.problem = run.problem();
  facts.is_claim = run.source.format == "submission";
  facts.seed = shown_by(run, run.seed, "seed");
  facts.name_seed = run.name_seed;
  add_scores(run, facts);
  facts.train_seconds = shown_by(run, run.training.seconds, "train_seconds");
  facts.artifact_bytes = shown_by(run, run.artifact_bytes, "artifact_bytes");
  facts.model_bytes = shown_by(run, run.model_bytes, "model_bytes");
  facts.code_bytes = shown_by(run, run.code_bytes, "code_bytes");
  facts.code_is_packed = prints_packed_code(run);
  facts.validation_tokens = shown_by(run, run.validation_tokens, "validation_tokens");
  facts.unscored = unscored_part(run);
  facts.train_shards = shown_by(run, run.train_shards, "train_shards");
  add_machine(run, facts);
  facts.data = data_names(run);
  return facts;
}

void take_foreign(const std::vector<ForeignRun>& runs, SubmissionFacts& facts) {
  ArmGroup all{facts.arm, {}};
  for (size_t i = 0; i < runs.size(); ++i) all.runs.push_back(i);
  facts.notes = check_arm(runs, all);
  facts.settings_are_known = std::all_of(runs.begin(), runs.end(), prints_settings);
  for (const ForeignRun& run : runs) facts.runs.push_back(facts_of(run));
}

}  // namespace caddie
