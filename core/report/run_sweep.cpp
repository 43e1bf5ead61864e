// SPDX-License-Identifier: Apache-2.0
#include "report/run_sweep.h"

#include "report/files.h"
#include "sweep/race_state.h"

namespace caddie {

RunnerResult run_sweep(Plan& plan, const RunnerOptions& options, const FolderClaim& claim) {
  LiveTables tables(plan, options.folder);
  RunnerHooks hooks = {[&] { tables.changed(); }, [&] { tables.catch_up(); },
                       [&](const Plan& now) { return next_runs(now, options.folder); }};
  RunnerResult result = run_plan(plan, options, hooks, claim);
  tables.write();
  return result;
}

}  // namespace caddie
