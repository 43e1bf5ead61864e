// SPDX-License-Identifier: Apache-2.0
// A foreign run was made by another program, and Caddie knows of it what a file tells. The run's folder holds
// that as import.json, beside the files that every run has, and the text it was read from as log.txt.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "results/json_fields.h"

namespace caddie {

inline constexpr const char* kImportFile = "import.json";
inline constexpr const char* kSourceTextFile = "log.txt";

/// Holds the file that a run was read from.
struct ForeignSource {
  std::string file;                       // its path as it was named
  std::string folder;                     // the folder that it lies in, for labels
  std::string format;                     // "log", "table" or "submission"
  std::string sha256;                     // of its text, decompressed, with LF at the ends of lines
  int64_t part = 1;                       // which of the runs in the file it is, from 1
  int64_t first_line = 1, last_line = 0;  // the lines of the file that are about it

  template <class Fields>
  void fields(Fields& f) {
    f("file", file);
    f("folder", folder);
    f("format", format);
    f("sha256", sha256);
    f("part", part);
    f("first_line", first_line);
    f("last_line", last_line);
  }
};

/// Holds one score of the validation text that was printed after training.
struct ForeignScore {
  std::string label;                // as it was printed, without "_exact"
  std::string stage;                // what stage_of() makes of the label; "" for a repeated score
  std::optional<double> bpb, loss;  // bits per byte, nats per token
  std::optional<double> seconds;    // the time that it took
  int64_t line = 0;

  template <class Fields>
  void fields(Fields& f) {
    f("label", label);
    f.maybe("stage", stage);
    f.maybe("val_bpb", bpb);
    f.maybe("val_loss_nats", loss);
    f.maybe("seconds", seconds);
    f("line", line);
  }
};

/// Holds a size that was printed.
struct ForeignSize {
  std::string label;  // as it was printed, such as "Serialized model int8+zlib"
  int64_t bytes = 0;

  template <class Fields>
  void fields(Fields& f) {
    f("label", label);
    f("bytes", bytes);
  }
};

/// Holds what a check found that is about this run.
struct ForeignNote {
  std::string kind, text;   // see ImportNote
  bool parts_runs = false;  // whether no test pools the run's arm for it

  template <class Fields>
  void fields(Fields& f) {
    f("kind", kind);
    f("text", text);
    f("parts_runs", parts_runs);
  }
  bool operator==(const ForeignNote&) const = default;
};

/// Holds what was printed of the training.
struct ForeignTraining {
  int64_t steps = 0;                     // the last step that was printed
  std::optional<int64_t> planned_steps;  // of how many
  std::optional<double> seconds;         // the last training time that was printed
  std::optional<double> step_ms;         // the last mean time of a step
  std::optional<double> tokens_per_second, train_loss;
  std::string stopped_by;                   // what stopping_early names; "" where nothing was printed
  std::optional<double> raw_bpb, raw_loss;  // the last validation during training, and its step
  std::optional<int64_t> raw_step;

  template <class Fields>
  void fields(Fields& f) {
    f("steps", steps);
    f.maybe("planned_steps", planned_steps);
    f.maybe("seconds", seconds);
    f.maybe("step_ms", step_ms);
    f.maybe("tokens_per_second", tokens_per_second);
    f.maybe("train_loss", train_loss);
    f.maybe("stopped_by", stopped_by);
    f.maybe("raw_bpb", raw_bpb);
    f.maybe("raw_loss", raw_loss);
    f.maybe("raw_step", raw_step);
  }
};

/// Holds the lines of a file by what they were taken for.
struct LineCounts {
  int64_t steps = 0, results = 0, settings = 0, remarks = 0, source = 0, blank = 0, unknown = 0;

  template <class Fields>
  void fields(Fields& f) {
    f("steps", steps);
    f("results", results);
    f("settings", settings);
    f("remarks", remarks);
    f("source", source);
    f("blank", blank);
    f("unknown", unknown);
  }
};

/// Holds a number of the training's course, for metrics.csv.
struct ForeignPoint {
  int64_t step = 0;
  double seconds = 0;
  const char* metric = "";
  double value = 0;
};

/// Holds what a file tells of one run.
struct ForeignRun {
  ForeignSource source;
  std::optional<int64_t> seed;        // as it was printed, or as the file's name tells
  bool seed_is_of_name = false;       // whether only the name of the file tells the seed
  std::optional<int64_t> name_seed;   // the seed in the name of the file
  std::string arm;                    // the arm that a table names; "" for none
  Labelled<std::string> settings;     // by name, as printed; they tell arms apart unless is_incidental()
  Labelled<std::string> environment;  // versions and devices, as printed
  ForeignTraining training;
  std::vector<ForeignScore> scores;  // in the order of the file
  std::vector<ForeignSize> sizes;
  std::optional<int64_t> artifact_bytes, model_bytes, code_bytes, peak_memory_bytes, parameters;
  std::optional<int64_t> validation_tokens, scored_tokens, train_shards;
  std::optional<int64_t> devices;  // how many GPUs nvidia-smi lists, by the largest number of one
  std::string error;               // the last error that the program printed
  // The line of the file that tells the seed, train_seconds, artifact_bytes, model_bytes, code_bytes,
  // validation_tokens, train_shards, world_size, gpu or devices, where one was read from a log.
  Labelled<int64_t> lines;
  LineCounts counts;
  std::vector<std::string> unknown;  // the first lines that were not understood
  std::vector<ForeignNote> notes;    // set when the run is written
  std::vector<ForeignPoint> course;  // it is not in import.json

  /// Returns the setting's text; "" when it is not there.
  std::string setting(std::string_view name) const;
  /// Returns a number of a setting; nothing when it is not there, or no number.
  std::optional<double> number(std::string_view name) const;
  /// Returns the score that counts: the last of `scores`, or where there is none, and nothing was written,
  /// that of the last step of a training that went to its end; nothing else.
  std::optional<ForeignScore> last_score() const;
  /// Says why the run has no score that counts: that it ended early, that an error ended it, or that the
  /// score is not finite. "" when it has one.
  std::string problem() const;
  /// Returns the numbers that were printed, by which copies of one run are known: losses and scores of its
  /// course by their steps, and behind these the score that counts.
  std::vector<std::pair<int64_t, double>> fingerprint() const;
  /// Returns the line that tells something of `lines`; 0 where none does.
  int64_t line_of(std::string_view name) const;
  /// Returns the path of the file, with "#2" behind where it is not the first run in it.
  std::string name() const;
  /// Returns the name without the folders before it.
  std::string file_name() const;

  template <class Fields>
  void fields(Fields& f) {
    f("source", source);
    f.maybe("seed", seed);
    f("seed_is_of_name", seed_is_of_name);
    f.maybe("name_seed", name_seed);
    f.maybe("arm", arm);
    f("settings", settings);
    f.maybe("environment", environment);
    f("training", training);
    f("scores", scores);
    f.maybe("sizes", sizes);
    f.maybe("artifact_bytes", artifact_bytes);
    f.maybe("model_bytes", model_bytes);
    f.maybe("code_bytes", code_bytes);
    f.maybe("peak_memory_bytes", peak_memory_bytes);
    f.maybe("parameters", parameters);
    f.maybe("validation_tokens", validation_tokens);
    f.maybe("scored_tokens", scored_tokens);
    f.maybe("train_shards", train_shards);
    f.maybe("devices", devices);
    f.maybe("error", error);
    f.maybe("lines", lines);
    f("line_counts", counts);
    f.maybe("not_understood", unknown);
    f.maybe("notes", notes);
  }
};

/// Sets the value of a label, in its place where the label is known.
template <class T>
void set(Labelled<T>& values, const std::string& label, const std::type_identity_t<T>& value) {
  for (auto& [name, known] : values)
    if (name == label) {
      known = value;
      return;
    }
  values.emplace_back(label, value);
}

/// Returns the value of a label; what T{} holds where there is none.
template <class T>
T value_of(const Labelled<T>& values, std::string_view label) {
  for (const auto& [name, value] : values)
    if (name == label) return value;
  return {};
}

/// Returns the stage that a score's label names: "averaged" for the weights before they are quantized,
/// "roundtrip" for the artifact read back, "sliding" and "ttt" for evaluators of it; else the label in lower
/// case, with "_" for spaces and without "final_".
std::string stage_of(std::string_view label);

/// Gives each score its stage. A score that repeats an earlier one, digit by digit as far as both go, has
/// none, and neither has one whose stage another score with more digits has under the same label.
void name_stages(std::vector<ForeignScore>& scores);

/// Tells whether a setting of this name cannot tell two arms apart: it names the run, its files or the
/// process.
bool is_incidental(std::string_view name);

/// Returns the seed that the name of a file tells: the number behind "seed", or behind "_s" or "-s" at the
/// end of a part; nothing when there is none.
std::optional<int64_t> seed_in_name(std::string_view name);

/// Returns what a run's folder holds of its import. Throws Error naming the file when it is missing or
/// damaged.
ForeignRun read_foreign_run(const std::filesystem::path& folder);

}  // namespace caddie
