// SPDX-License-Identifier: Apache-2.0
// The tables of a sweep as text and as files: runs.csv, ablation.csv, ablation.md.
#pragma once

#include <filesystem>
#include <string>

#include "base/stopwatch.h"
#include "report/ablation.h"
#include "report/table.h"

namespace caddie {

/// One row a run. Missing values are empty, bpb and nats have 8 decimals, switches are 0 and 1.
TextTable runs_table(const Ablation& ablation);
/// One row an arm, for machines.
TextTable ablation_table(const Ablation& ablation);
/// One row an arm, for people: mean, sd, difference with interval and p, bytes, time.
TextTable readable_table(const Ablation& ablation);

/// "3 of 4 runs done; val_bpb (lower is better) against 'baseline'".
std::string standing(const Ablation& ablation);
/// What stands above the readable table: question, name and standing.
std::string heading(const Ablation& ablation);
/// `format`: term, csv, md, tex or json. Throws Error(2) for others.
std::string render(const Ablation& ablation, const std::string& format);
/// The runs instead of the arms; json: all that is known of each.
std::string render_runs(const Ablation& ablation, const std::string& format);

/// Rewrites runs.csv, ablation.csv, ablation.md and ablation.tex in the sweep's folder, each by rename.
void write_tables(const Plan& plan, const std::filesystem::path& folder);

/// Writes the tables while a sweep is at work, so rarely that it takes no more than a twentieth of the time.
class LiveTables {
 public:
  /// The plan may grow.
  LiveTables(const Plan& plan, std::filesystem::path folder) : plan_(plan), folder_(std::move(folder)) {}
  /// A run has ended: rewrites them, now or, when that was done a moment ago, in a later call of catch_up().
  void changed();
  void catch_up();
  /// Rewrites them in any case.
  void write();

 private:
  const Plan& plan_;
  std::filesystem::path folder_;
  Stopwatch since_;   // they were written
  double pause_ = 0;  // seconds
  bool due_ = false;
};

}  // namespace caddie
