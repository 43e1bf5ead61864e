// SPDX-License-Identifier: Apache-2.0
// The tables of a sweep are made as text and as files: runs.csv, ablation.csv, ablation.md, ablation.tex,
// results.tsv, effects.csv.
#pragma once

#include <filesystem>
#include <string>

#include "base/stopwatch.h"
#include "report/ablation.h"
#include "report/table.h"

namespace caddie {

/// Returns one row for each run. Missing values are empty, bpb and nats have 8 decimals, switches are 0 and
/// 1.
TextTable runs_table(const Ablation& ablation);
/// Returns one row for each arm, for machines.
TextTable ablation_table(const Ablation& ablation);
/// Returns one row for each arm, for people: mean, sd, difference with interval and p, bytes, time.
TextTable readable_table(const Ablation& ablation);

/// Returns a line such as "3 of 4 runs done; val_bpb (lower is better) against 'baseline'".
std::string standing(const Ablation& ablation);
/// Returns the lines above the readable table: question, name and standing().
std::string heading(const Ablation& ablation);
/// Returns the table of the arms as text. `format` is term, csv, md, tex or json, or tsv for the
/// decisions_table(). Throws Error (kUsage) for others.
std::string render(const Ablation& ablation, const std::string& format);
/// Returns the runs instead of the arms; json holds all that is known of each.
std::string render_runs(const Ablation& ablation, const std::string& format);

/// Rewrites runs.csv, ablation.csv, ablation.md, ablation.tex and results.tsv in the sweep's folder, and
/// effects.csv where there are effects, each by rename. Returns what they tell.
Ablation write_tables(const Plan& plan, const std::filesystem::path& folder);

/// Writes the tables while a sweep is at work, so rarely that it takes no more than a twentieth of the time.
class LiveTables {
 public:
  /// The plan must outlive the tables and may grow.
  LiveTables(const Plan& plan, std::filesystem::path folder) : plan_(plan), folder_(std::move(folder)) {}
  /// Is called when a run has ended. Rewrites the tables now or, when that was done a moment ago, in a later
  /// call of catch_up().
  void changed();
  /// Rewrites the tables if changed() has put that off for long enough.
  void catch_up();
  /// Rewrites the tables in any case.
  void write();

 private:
  const Plan& plan_;
  std::filesystem::path folder_;
  Stopwatch since_;   // the time since they were written
  double pause_ = 0;  // the seconds from one writing to the next
  bool due_ = false;
};

}  // namespace caddie
