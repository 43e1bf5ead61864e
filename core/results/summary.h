// SPDX-License-Identifier: Apache-2.0
// A run leaves in summary.json how it ended, its metrics, and the stages that the metrics come from.
#pragma once

#include <caddie/evaluator.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/file_hashes.h"
#include "results/json_fields.h"
#include "results/metrics.h"

namespace caddie {

/// Holds the score of one text under one evaluator.
struct ScoreRecord {
  /// The scores are in bits per byte and nats per token. JSON writes what is not finite as null.
  double bpb = std::numeric_limits<double>::quiet_NaN(), loss_nats = bpb;
  int64_t tokens = 0, bytes = 0, windows = 0;
  double seconds = 0;

  ScoreRecord() = default;
  explicit ScoreRecord(const Score& score);

  template <class Fields>
  void fields(Fields& f) {
    f.maybe(kBpb.name, bpb);
    f.maybe(kLossNats.name, loss_nats);
    f("tokens", tokens);
    f("bytes", bytes);
    f("windows", windows);
    f("seconds", seconds);
  }
};

/// Holds the keys of the stages that a run went through. `weights` is the hash of the trained weights, by
/// which trainings of one key differ.
struct StageNames {
  std::vector<std::string> evaluate;
  std::string train, weights, average, quantize, compress;

  template <class Fields>
  void fields(Fields& f) {
    f.maybe("evaluate", evaluate);
    f.maybe("train", train);
    f.maybe("weights", weights);
    f.maybe("average", average);
    f.maybe("quantize", quantize);
    f.maybe("compress", compress);
  }
};

/// Holds what summary.json does. Values are missing where the run did not get that far, or where an older
/// version wrote the file.
struct RunSummary {
  std::string status;  // "running", "stopped", "done" or "failed"; empty when there is none
  std::optional<double> train_loss;
  std::optional<int64_t> steps, tokens, parameters, training_only_parameters;
  std::optional<double> train_seconds, step_ms, tokens_per_second;
  StageNames stages;
  std::optional<double> bpb_raw, bpb_averaged;
  Labelled<double> averages;           // the bits per byte of each averager that is not exported
  std::string selected_on_validation;  // the label of the weights that were chosen by the validation text
  std::optional<int64_t> artifact_bytes, model_bytes, code_bytes;
  std::optional<bool> under_cap;
  std::optional<double> export_seconds, bpb_quantized, bpb, loss_nats;
  Labelled<ScoreRecord> scores;                  // the artifact's scores by evaluator
  std::string effect_check;                      // the worst verdict on a technique
  std::optional<Labelled<std::string>> effects;  // why techniques did not act in full, by technique
  std::optional<double> evaluation_seconds;
  std::optional<int64_t> peak_memory_bytes;
  std::string fail_reason;
  FileHashes files;  // what a finished run left beside its summary

  bool is_there() const { return !status.empty(); }
  /// Returns the metric of this name; NaN when it is unknown or no number of a run.
  double number(std::string_view metric) const;
  double number(const Metric& metric) const { return number(metric.name); }
  /// Returns a name of the training that the weights come from: its key, and the hash of the weights where
  /// that is known; "" when neither is. The key alone is not enough, because a training that is made again
  /// under a wall-clock budget has the same key and other weights.
  std::string training() const;

  template <class Fields>
  void fields(Fields& f) {
    f.maybe("status", status);
    f.maybe(kTrainLoss.name, train_loss);
    f.maybe(kSteps.name, steps);
    f.maybe(kTokens.name, tokens);
    f.maybe(kParameters.name, parameters);
    f.maybe(kTrainingOnlyParameters.name, training_only_parameters);
    f.maybe(kTrainSeconds.name, train_seconds);
    f.maybe(kStepMs.name, step_ms);
    f.maybe(kTokensPerSecond.name, tokens_per_second);
    f.maybe("stages", stages);
    f.maybe(kBpbRaw.name, bpb_raw);
    f.maybe(kBpbAveraged.name, bpb_averaged);
    f.maybe("averages", averages);
    f.maybe("selected_on_validation", selected_on_validation);
    f.maybe(kArtifactBytes.name, artifact_bytes);
    f.maybe(kModelBytes.name, model_bytes);
    f.maybe(kCodeBytes.name, code_bytes);
    f.maybe("under_cap", under_cap);
    f.maybe(kExportSeconds.name, export_seconds);
    f.maybe(kBpbQuantized.name, bpb_quantized);
    f.maybe(kBpb.name, bpb);
    f.maybe(kLossNats.name, loss_nats);
    f.maybe("scores", scores);
    f.maybe("effect_check", effect_check);
    f.maybe("effects", effects);
    f.maybe(kEvaluationSeconds.name, evaluation_seconds);
    f.maybe(kPeakMemoryBytes.name, peak_memory_bytes);
    f.maybe("fail_reason", fail_reason);
    f.maybe("files", files);
  }
};

inline constexpr const char* kSummaryFile = "summary.json";

/// Returns the summary of a run that failed before it had results.
RunSummary failed_summary(std::string reason);

/// Returns what the object holds. Throws Error when a member is of another type.
RunSummary summary_from(const Json& json);

/// Returns the summary of the run in `folder`; an empty one when there is none. Throws Error naming the file
/// when it is damaged.
RunSummary read_summary(const std::filesystem::path& folder);

/// Throws Error naming the file when it is missing or its bytes are not those that the finished run in
/// `folder` left. A file that the summary does not list passes.
void check_left_by_run(const RunSummary& summary, const std::filesystem::path& folder,
                       const std::string& name);
void check_left_by_run(const std::filesystem::path& folder, const std::string& name);

/// Replaces the summary of the run in `folder`.
void write_summary(const std::filesystem::path& folder, const RunSummary& summary);

}  // namespace caddie
