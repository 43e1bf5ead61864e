// SPDX-License-Identifier: Apache-2.0
// Numbers have all their digits; what a run does not know has no line.
#include "submission/seed_log.h"

#include <fmt/format.h>

#include <cmath>

namespace caddie {
namespace {

/// Returns " name:value unit", or "" where the value is not known.
std::string field(const char* name, double value, const char* unit = "") {
  return std::isfinite(value) ? fmt::format(" {}:{}{}", name, value, unit) : "";
}

std::string size_line(const char* label, const std::optional<int64_t>& bytes) {
  return bytes ? fmt::format("{}: {} bytes\n", label, *bytes) : "";
}

std::string head_lines(const SeedRun& run) {
  const RunSummary& summary = run.summary;
  std::string text = fmt::format("caddie: written from what {} measured\nseed:{}\n", run.folder, run.seed);
  if (summary.parameters) text += fmt::format("model_params:{}\n", *summary.parameters);
  int64_t steps = summary.steps.value_or(0), tokens = summary.tokens.value_or(0);
  if (steps > 0 && tokens > 0 && tokens % steps == 0)
    text += fmt::format("train_batch_tokens:{}\n", tokens / steps);
  return text;
}

std::string step_lines(const SeedRun& run, std::span<const std::pair<std::string, CurvePoint>> course) {
  int64_t steps = run.summary.steps.value_or(0);
  bool has_last_score = run.summary.bpb_raw.has_value();
  std::string text;
  for (const auto& [name, point] : course) {
    bool is_loss = name == kTrainLoss.name, is_score = name == kBpb.name;
    if (!is_loss && (!is_score || (has_last_score && point.step == steps))) continue;
    text += fmt::format("step:{}/{}{} train_time:{:.0f}ms\n", point.step, steps,
                        field(name.c_str(), point.value), 1000 * point.seconds);
  }
  std::string last = field(kBpb.name, run.number(kBpbRaw)) +
                     field("train_time", run.number(kTrainSeconds), "s") +
                     field("step_avg", run.number(kStepMs), "ms");
  if (steps > 0 && !last.empty()) text += fmt::format("step:{}/{}{}\n", steps, steps, last);
  return text;
}

/// Returns the lines of the scores after training; that which counts is the last one.
std::string score_lines(const SeedRun& run) {
  std::string text;
  auto add = [&](const std::string& label, const std::string& fields) {
    if (!fields.empty()) text += label + fields + "\n";
  };
  add("averaged", field(kBpb.name, run.number(kBpbAveraged)));
  add("final_roundtrip_exact", field(kBpb.name, run.number(kBpbQuantized)));
  for (const auto& [evaluator, score] : run.summary.scores)
    if (score.bpb != run.number(kBpb) && score.bpb != run.number(kBpbQuantized))
      add("final_" + evaluator + "_exact", field("val_loss", score.loss_nats) + field(kBpb.name, score.bpb));
  add("final_exact", field("val_loss", run.number(kLossNats)) + field(kBpb.name, run.number(kBpb)) +
                         field("eval_time", run.number(kEvaluationSeconds), "s"));
  return text;
}

}  // namespace

std::string seed_log(const SeedRun& run, std::span<const std::pair<std::string, CurvePoint>> course) {
  const RunSummary& summary = run.summary;
  std::string text = head_lines(run) + step_lines(run, course);
  if (summary.peak_memory_bytes)
    text += fmt::format("peak memory allocated: {} MiB\n", *summary.peak_memory_bytes >> 20);
  return text + size_line("Serialized model artifact.bin", summary.model_bytes) +
         size_line("Code size", summary.code_bytes) +
         size_line("Total submission size artifact.bin", summary.artifact_bytes) + score_lines(run);
}

}  // namespace caddie
