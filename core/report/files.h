// SPDX-License-Identifier: Apache-2.0
// The tables of a sweep as text and as files: runs.csv, ablation.csv, ablation.md.
#pragma once

#include <filesystem>
#include <string>

#include "report/ablation.h"
#include "report/table.h"

namespace caddie {

/// One row a run. Missing values are empty, bpb and nats have 8 decimals, switches are 0 and 1.
TextTable runs_table(const Ablation& ablation);
/// One row an arm, for machines.
TextTable ablation_table(const Ablation& ablation);
/// One row an arm, for people: mean, sd, difference with interval and p, bytes, time.
TextTable readable_table(const Ablation& ablation);

/// What stands above and below the readable table: question, progress, notes.
std::string heading(const Ablation& ablation);
/// `format`: term, csv, md, tex or json. Throws Error(2) for others.
std::string render(const Ablation& ablation, const std::string& format);

/// Rewrites runs.csv, ablation.csv, ablation.md and ablation.tex in the sweep's folder, each by rename.
void write_tables(const Plan& plan, const std::filesystem::path& folder);

}  // namespace caddie
