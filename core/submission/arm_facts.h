// SPDX-License-Identifier: Apache-2.0
// The facts of an arm are what a sweep knows of its runs, which are all done. The texts of a submission are
// made from these alone.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "report/ablation.h"
#include "results/run_record.h"
#include "results/summary.h"
#include "submission/checklist.h"

namespace caddie {

/// These are the names of files in a submission's folder that its README speaks of, beside kSubmissionFile.
inline constexpr const char* kReadmeFile = "README.md";
inline constexpr const char* kExperimentFile = "experiment.toml";
inline constexpr const char* kForeignSettingsFile = "settings.toml";

/// Holds what only the person who submits knows; "" where it was not said.
struct SubmissionWords {
  std::string author, github_id, name, blurb;
};

/// Holds what is known of the run of one seed.
struct SeedRun {
  int64_t seed = 0;
  std::string folder;  // relative to that of the sweep
  RunSummary summary;
  RunRecord record;

  double number(const Metric& metric) const { return summary.number(metric); }
  bool is_imported() const { return !record.imported_from.empty(); }
};

/// Holds what the texts of a submission are made from.
struct ArmFacts {
  SubmissionWords words;
  std::string date;           // the time of the export, ISO 8601 in UTC
  std::string sweep;          // the name of the sweep
  std::vector<SeedRun> runs;  // by seed; one at least
  ArmRow row;                 // the arm and its comparison
  std::string baseline;       // the label of the arm that it is compared with
  std::string score;          // the metric of the comparison: val_bpb, or val_loss_nats where no run has that
  std::string metric;         // the metric that is tested
  std::string correction;     // of p for all arms that are tested, as Ablation has it
  double alpha = 0, confidence = 0;
  std::string table;  // the sweep's table in Markdown, as `caddie table` prints it
  // The system and the compiler of the runs, "" unless this process runs on the same host, and is the same
  // engine.
  std::string system, compiler;
  std::string contest;        // the title of the contest whose rules the runs are held to
  Checklist checklist;        // what these rules find, but for those on the files of the folder
  Labelled<int64_t> code;     // the bytes of the files of code in the folder, by name
  bool has_artifact = false;  // whether the artifact of chosen_run() is in the folder

  bool is_imported() const { return runs.front().is_imported(); }
  /// Returns the numbers of a metric of all runs that have it, by seed.
  std::vector<double> numbers(const Metric& metric) const;
  /// Returns the mean and the SD over seeds; not known unless all runs have the metric.
  Sample sample(const Metric& metric) const;
  /// Returns the run whose artifact is handed in: that with the median score, the lower one of two.
  const SeedRun& chosen_run() const;
  /// Returns the run with the most bytes of model and code, which a limit has to hold; the first one where
  /// none is known.
  const SeedRun& largest_run() const;
  /// Returns the different texts that `of` gives for the runs, with "; " between; those that are empty do not
  /// count.
  std::string distinct(const std::function<std::string(const SeedRun&)>& of) const;
  /// Returns what the runs were made on: "8 x NVIDIA H100 80GB HBM3", or the processor and its threads; ""
  /// when it is not known.
  std::string hardware() const;
};

/// Returns the name of the log of one seed: "train_seed42.log".
std::string log_name(int64_t seed);

/// Takes the facts of the arm `label` from a sweep's analysis, which must outlive them; `sweep` is its
/// folder. Members that the caller alone knows stay empty. Throws Error (kUsage) when the plan has no such
/// arm, when runs of it are missing, naming the command that makes them, or when they are no sample of one
/// experiment.
ArmFacts arm_facts(const Ablation& ablation, const std::string& label, const std::string& sweep);

}  // namespace caddie
