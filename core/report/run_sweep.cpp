// SPDX-License-Identifier: Apache-2.0
// The runner calls hooks that keep the tables up to date and name the runs that a race wants next.
#include "report/run_sweep.h"

#include <caddie/error.h>

#include "report/sweep_tables.h"
#include "sweep/race_state.h"

namespace caddie {

void check_all_read(const Ablation& tables, const RunnerResult& result) {
  if (result.done < int(tables.runs.size())) return;
  for (const RunRow& run : tables.runs)
    check(!run.state.damaged, "{}; the tables lack this run until the same command writes them again",
          run.state.reason);
}

RunnerResult run_sweep(Plan& plan, const RunnerOptions& options, const FolderClaim& claim) {
  LiveTables tables(plan, options.folder);
  RunnerHooks hooks = {[&] { tables.changed(); }, [&] { tables.catch_up(); },
                       [&](const Plan& now) { return next_runs(now, options.folder); }};
  RunnerResult result = run_plan(plan, options, hooks, claim);
  if (result.disk_full) return result;
  check_all_read(write_tables(plan, options.folder), result);
  return result;
}

}  // namespace caddie
