// SPDX-License-Identifier: Apache-2.0
// This table of metrics says what Caddie measures of a run, and what each number means. Code that names,
// lists or rounds a metric asks this table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Says which values of a metric are better.
enum class Better { kLower, kHigher, kNeither };
/// Returns "lower", "higher" or "neither".
std::string_view name_of(Better better);

/// The places of a metric tell where its numbers stand: one for each run, or one for each step that measured
/// it.
struct MetricPlaces {
  bool summary = false;  // whether the metric is in summary.json
  bool runs = false;     // whether the metric is a column of runs.csv, which a claim may be about
  bool steps = false;    // whether the metric has rows in metrics.csv
};
inline constexpr MetricPlaces kOfRun{true, true, false}, kOfSteps{false, false, true},
    kOfRunAndSteps{true, true, true}, kOfSummary{true, false, false};

/// Describes one number that Caddie measures.
struct Metric {
  const char* name;
  const char* unit;
  int decimals;  // the decimals that are written to runs.csv
  Better better;
  // The stage that decides the metric is train, average, quantize, compress or evaluate, or run where all do.
  const char* stage;
  const char* help;
  MetricPlaces places = kOfRun;
  /// Tells that the clock and the machine's load decide the metric, so that no two runs need have it in
  /// common.
  bool is_cost = false;

  bool operator==(const Metric& other) const { return std::string_view(name) == other.name; }
};

/// These functions make the rows of the table, one function for each kind of metric.
namespace metric_rows {

constexpr Metric score(const char* name, const char* unit, const char* stage, const char* help,
                       MetricPlaces places = kOfRun) {
  return {name, unit, 8, Better::kLower, stage, help, places};
}
constexpr Metric count(const char* name, const char* unit, const char* stage, const char* help,
                       Better better = Better::kNeither) {
  return {name, unit, 0, better, stage, help};
}
constexpr Metric of_summary(Metric metric) {
  metric.places = kOfSummary;
  return metric;
}
constexpr Metric cost(const char* name, const char* unit, int decimals, const char* stage, const char* help,
                      Better better = Better::kLower, MetricPlaces places = kOfRun) {
  return {name, unit, decimals, better, stage, help, places, true};
}
constexpr Metric of_step(const char* name, const char* help) {
  return {name, "", 8, Better::kNeither, "train", help, kOfSteps};
}

}  // namespace metric_rows

inline constexpr Metric kBpb = metric_rows::score("val_bpb", "bits per byte", "evaluate",
                                                  "what counts: the validation text under the artifact read "
                                                  "back, by the headline evaluator; in metrics.csv "
                                                  "under the weights of that step",
                                                  kOfRunAndSteps);
inline constexpr Metric kLossNats = metric_rows::score(
    "val_loss_nats", "nats per token", "evaluate",
    "mean loss of the validation text under the artifact read back, by the headline evaluator");
inline constexpr Metric kBpbRaw = metric_rows::score(
    "val_bpb_raw", "bits per byte", "evaluate", "the validation text under the weights of the last step");
inline constexpr Metric kBpbAveraged = metric_rows::score(
    "val_bpb_avg", "bits per byte", "average",
    "the validation text under the averaged weights; those of the last step where nothing averages");
inline constexpr Metric kBpbQuantized = metric_rows::score(
    "val_bpb_quant", "bits per byte", "quantize",
    "the validation text under the artifact read back, by the evaluator of val_bpb_raw and val_bpb_avg, so "
    "that the differences are those of the stages");
inline constexpr Metric kTrainLoss = metric_rows::score(
    "train_loss", "nats per token", "train",
    "loss of a step's batch before the step; of a run, that of the last step", kOfRunAndSteps);
inline constexpr Metric kSteps = metric_rows::count("steps", "steps", "train", "optimizer steps taken");
inline constexpr Metric kTokens =
    metric_rows::count("tokens", "tokens", "train", "tokens trained on; one that is seen again counts again");
inline constexpr Metric kStepMs =
    metric_rows::cost("step_avg_ms", "ms", 3, "train", "training time, divided by steps");
inline constexpr Metric kTokensPerSecond = metric_rows::cost(
    "tok_s", "tokens/s", 1, "train", "tokens of a step, divided by the median time of one", Better::kHigher);
inline constexpr Metric kTrainSeconds =
    metric_rows::cost("train_time_s", "s", 3, "train",
                      "time of all steps and of averaging, without validation and checkpoints");
inline constexpr Metric kEvaluationSeconds =
    metric_rows::cost("eval_time_s", "s", 3, "evaluate", "time of all evaluations after training");
inline constexpr Metric kArtifactBytes = metric_rows::count(
    "artifact_bytes", "bytes", "compress", "what counts against the limit: model and code", Better::kLower);
inline constexpr Metric kModelBytes =
    metric_rows::count("bytes_model", "bytes", "compress", "size of artifact.bin", Better::kLower);
inline constexpr Metric kCodeBytes = metric_rows::count(
    "bytes_code", "bytes", "compress", "what the code is counted with: budget.code_bytes", Better::kLower);
inline constexpr Metric kPeakMemoryBytes =
    metric_rows::cost("peak_mem_bytes", "bytes", 0, "run", "most memory that the process has held");
inline constexpr Metric kParameters =
    metric_rows::count("params", "parameters", "train", "numbers that are trained");
inline constexpr Metric kTrainingOnlyParameters = metric_rows::of_summary(
    metric_rows::count("params_training_only", "parameters", "train",
                       "those of params that training alone reads, which are not exported"));
inline constexpr Metric kExportSeconds =
    metric_rows::cost("export_time_s", "s", 3, "compress",
                      "time to prune, calibrate, quantize, trim and compress", Better::kLower, kOfSummary);
inline constexpr Metric kGradientNorm = metric_rows::of_step(
    "gradient_norm", "Euclidean norm of a step's gradient over all weights, before clipping");
inline constexpr Metric kObjectiveTerm = metric_rows::of_step(
    "objective.<label>",
    "what an objective added to the loss of a step's batch, in nats per token; train_loss is without it");
inline constexpr Metric kLearningRateScale =
    metric_rows::of_step("lr_scale", "what the schedule multiplies every learning rate with in a step");

/// Returns all metrics, in the order of the columns of runs.csv.
std::span<const Metric* const> metrics();
/// Returns the name of an objective's rows in metrics.csv.
std::string name_of_term(std::string_view label);
/// Returns null when no metric has this name.
const Metric* find_metric(std::string_view name);
/// Returns the names of the metrics that are columns of runs.csv.
std::vector<std::string> names_of_run_metrics();

}  // namespace caddie
