// SPDX-License-Identifier: Apache-2.0
// Evidence is what a submission's folder shows, gathered once; checks look at nothing else.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "import/checks.h"
#include "import/foreign_run.h"
#include "import/tokenizers.h"
#include "results/run_record.h"
#include "submission/overlap.h"

namespace caddie {

/// Holds a value and the place that shows it: "train_seed42.log:141".
template <class T>
struct Shown {
  T value{};
  std::string where;
};
template <class T>
using MaybeShown = std::optional<Shown<T>>;

/// Holds what is known of one run. What nothing shows is empty.
struct RunFacts {
  std::string name;       // of its file, or its folder
  std::string problem;    // why no score of it counts; "" for a finished run
  bool is_claim = false;  // whether a submission.json tells of it, and no log
  MaybeShown<int64_t> seed;
  std::optional<int64_t> name_seed;  // the seed in the name of its file
  MaybeShown<double> bpb, loss;      // the score that counts: bits per byte, nats per token
  std::string stage;                 // the stage that the score is of
  MaybeShown<double> train_seconds, eval_seconds;
  MaybeShown<int64_t> artifact_bytes, model_bytes, code_bytes;
  bool code_is_packed = false;                     // whether the code was counted compressed
  MaybeShown<int64_t> validation_tokens;           // the tokens of the validation text
  MaybeShown<int64_t> scored_tokens, owed_tokens;  // what the score is of, and what it ought to be of
  std::string unscored;                            // why a part of the text is not scored; "" else
  const KnownTokenizer* tokenizer = nullptr;       // where its numbers are known
  std::optional<double> bytes_per_token;           // that its scores were made with
  std::string other_bytes;                         // why another score of it has other bytes; "" else
  bool bytes_are_counted = false;                  // whether Caddie counted them of the text itself
  MaybeShown<int64_t> train_shards, gpus;
  MaybeShown<int64_t> listed_gpus;  // those that nvidia-smi lists, not all of which need take part
  MaybeShown<std::string> gpu;
  Labelled<std::string> data;   // what names or identifies the data that it read
  bool data_is_hashed = false;  // whether `data` are hashes of the content
  std::string evaluator;        // the plugin of Caddie that scored it; "" for another program's run

  bool is_finished() const { return problem.empty(); }
};

/// Holds some of the runs of a submission, which outlive it.
using Runs = std::vector<const RunFacts*>;

/// Returns the run for which a number that is shown is the largest; null when none shows it.
template <class Get>
const RunFacts* largest(const Runs& runs, Get get) {
  const RunFacts* found = nullptr;
  for (const RunFacts* run : runs)
    if (get(*run) && (!found || get(*run)->value > get(*found)->value)) found = run;
  return found;
}

/// Holds a file in the folder or below it.
struct FolderFile {
  std::string path;  // relative to the folder
  int64_t bytes = 0;
  /// Returns the name without the folders before it.
  std::string name() const { return path.substr(path.find_last_of('/') + 1); }
  bool is_right_in_folder() const { return path.find('/') == std::string::npos; }
};

/// Holds what the folder is beside its runs.
struct FolderFacts {
  std::vector<FolderFile> files;          // in the order of their paths; hidden ones are none
  std::optional<ForeignJson> submission;  // its submission.json
  std::string damage;                     // what is wrong with that; "" else
  std::vector<RunFacts> claimed;          // the runs that it gives results of, seed by seed
};

/// Says what a folder turned out to be.
enum class FolderKind { logs, imported, sweep };

/// Holds the evidence of one submission.
struct SubmissionFacts {
  std::filesystem::path folder;
  FolderKind kind = FolderKind::logs;
  std::string arm;  // the label of the arm that is verified; "" where all runs are
  std::vector<RunFacts> runs;
  std::vector<std::string> left_out;  // files that count nothing, with the reason
  std::vector<ImportNote> notes;      // what import's checks say of the runs together
  bool settings_are_known = false;    // whether the settings of all runs are known
  std::string same_by;                // what proves that the settings are the same, beside `notes`
  FolderFacts content;
  std::string record_name;
  std::vector<RunFacts> record;  // the runs that are to be beaten
  DataPatterns data;             // the shards that a sweep's runs read, where they say
  DataRecord recorded;           // the hashes of these
  std::optional<Overlap> overlap;
  std::string no_overlap;  // why it was not looked for

  /// Returns the runs whose score counts.
  Runs finished() const;
};

/// Returns the runs of these that are finished.
Runs finished_of(const std::vector<RunFacts>& runs);

/// Gathers what a folder shows: a record's folder or any folder of logs, one that `caddie import` made, or
/// that of a sweep. `arm` chooses among several arms; "" takes the only one, of a sweep with a claim the best
/// that it shows, and of a folder of logs all runs. Throws Error (kUsage) when no run is there, when there
/// are several arms and none is named, or none is called so.
SubmissionFacts gather_evidence(const std::filesystem::path& folder, const std::string& arm);

/// Returns the facts of a run that another program made.
RunFacts facts_of(const ForeignRun& run);

/// Fills in the facts of runs that another program made, and what they say together.
void take_foreign(const std::vector<ForeignRun>& runs, SubmissionFacts& facts);

/// Fills in the runs of an arm of a sweep's or of an import's folder.
void gather_from_sweep(SubmissionFacts& facts);

/// Looks for validation text in the training text: of the folder `data`, or where that is "" of the shards
/// that the runs read, if these are there. Throws Error (kUsage) when `data` lacks shards.
void gather_overlap(SubmissionFacts& facts, const std::filesystem::path& data, const OverlapSearch& search);

/// Returns what a folder holds beside its runs.
FolderFacts content_of(const std::filesystem::path& folder);

/// Tells whether the runs look like modded-nanogpt's, which print a loss and no bits per byte.
bool is_speedrun(const SubmissionFacts& facts);

}  // namespace caddie
