// SPDX-License-Identifier: Apache-2.0
// Each spelling is a row of a table with the function that sets its number.
#include "import/numbers_of_runs.h"

#include <cmath>
#include <limits>

#include "import/line_fields.h"
#include "results/metrics.h"

namespace caddie {
namespace {

/// Returns the score of a stage, which is added when it is new. The score that counts stays the last.
ForeignScore& score(ForeignRun& run, const std::string& stage) {
  for (ForeignScore& known : run.scores)
    if (known.stage == stage) return known;
  ForeignScore added;
  added.label = added.stage = stage;
  bool before_last = !run.scores.empty() && run.scores.back().stage == "final";
  return *run.scores.insert(run.scores.end() - (before_last ? 1 : 0), added);
}

int64_t whole(double value) {
  constexpr double kMost = 9e18;
  return std::abs(value) < kMost ? int64_t(std::llround(value)) : 0;
}

struct Spelling {
  std::string_view name;
  void (*set)(ForeignRun&, double);
};

const Spelling kSpellings[] = {
    {kBpbRaw.name, [](ForeignRun& run, double value) { run.training.raw_bpb = value; }},
    {kBpbAveraged.name, [](ForeignRun& run, double value) { score(run, "averaged").bpb = value; }},
    {kBpbQuantized.name, [](ForeignRun& run, double value) { score(run, "roundtrip").bpb = value; }},
    {kBpb.name, [](ForeignRun& run, double value) { score(run, "final").bpb = value; }},
    {"bpb", [](ForeignRun& run, double value) { score(run, "final").bpb = value; }},
    {kLossNats.name, [](ForeignRun& run, double value) { score(run, "final").loss = value; }},
    {"val_loss", [](ForeignRun& run, double value) { score(run, "final").loss = value; }},
    {kTrainLoss.name, [](ForeignRun& run, double value) { run.training.train_loss = value; }},
    {kSteps.name, [](ForeignRun& run, double value) { run.training.steps = whole(value); }},
    {"step_stop", [](ForeignRun& run, double value) { run.training.steps = whole(value); }},
    {kStepMs.name, [](ForeignRun& run, double value) { run.training.step_ms = value; }},
    {"ms_per_step", [](ForeignRun& run, double value) { run.training.step_ms = value; }},
    {kTokensPerSecond.name, [](ForeignRun& run, double value) { run.training.tokens_per_second = value; }},
    {kTrainSeconds.name, [](ForeignRun& run, double value) { run.training.seconds = value; }},
    {"train_time_seconds", [](ForeignRun& run, double value) { run.training.seconds = value; }},
    {"train_time_ms", [](ForeignRun& run, double value) { run.training.seconds = value / 1000; }},
    {"wallclock_seconds", [](ForeignRun& run, double value) { run.training.seconds = value; }},
    {kEvaluationSeconds.name, [](ForeignRun& run, double value) { score(run, "final").seconds = value; }},
    {"eval_time_seconds", [](ForeignRun& run, double value) { score(run, "final").seconds = value; }},
    {"eval_time_ms", [](ForeignRun& run, double value) { score(run, "final").seconds = value / 1000; }},
    {kArtifactBytes.name, [](ForeignRun& run, double value) { run.artifact_bytes = whole(value); }},
    {"bytes_total", [](ForeignRun& run, double value) { run.artifact_bytes = whole(value); }},
    {kModelBytes.name, [](ForeignRun& run, double value) { run.model_bytes = whole(value); }},
    {"model_bytes", [](ForeignRun& run, double value) { run.model_bytes = whole(value); }},
    {kCodeBytes.name, [](ForeignRun& run, double value) { run.code_bytes = whole(value); }},
    {"code_bytes", [](ForeignRun& run, double value) { run.code_bytes = whole(value); }},
    {kPeakMemoryBytes.name, [](ForeignRun& run, double value) { run.peak_memory_bytes = whole(value); }},
    {kParameters.name, [](ForeignRun& run, double value) { run.parameters = whole(value); }}};

}  // namespace

bool set_number(ForeignRun& run, std::string_view name, std::string_view text) {
  for (const Spelling& spelling : kSpellings) {
    if (spelling.name != name) continue;
    std::optional<double> value = number_in(text);
    if (!value)
      if (std::optional<int64_t> with_commas = whole_in(text)) value = double(*with_commas);
    if (value) spelling.set(run, *value);
    return value.has_value();
  }
  return false;
}

std::vector<std::string> known_numbers() {
  std::vector<std::string> names;
  for (const Spelling& spelling : kSpellings) names.emplace_back(spelling.name);
  return names;
}

}  // namespace caddie
