// SPDX-License-Identifier: Apache-2.0
// A sweep is run while its tables are kept up to date, and its race asks for more runs.
#pragma once

#include "report/ablation.h"
#include "results/claim.h"
#include "sweep/runner.h"

namespace caddie {

/// Throws Error when all runs of a sweep are done and one of them could not be read for its tables, which
/// lack it.
void check_all_read(const Ablation& tables, const RunnerResult& result);

/// Does what run_plan() does, in options.folder; afterwards the tables tell of all runs. Throws as
/// check_all_read() does.
RunnerResult run_sweep(Plan& plan, const RunnerOptions& options, const FolderClaim& claim);

}  // namespace caddie
