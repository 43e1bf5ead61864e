// SPDX-License-Identifier: Apache-2.0
// A plan is run with its tables kept up to date while it is at work, and its race followed.
#pragma once

#include "results/claim.h"
#include "sweep/runner.h"

namespace caddie {

/// Does what run_plan() does, in options.folder; afterwards the tables tell of all runs.
RunnerResult run_sweep(Plan& plan, const RunnerOptions& options, const FolderClaim& claim);

}  // namespace caddie
