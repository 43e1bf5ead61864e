// SPDX-License-Identifier: Apache-2.0
// The scheduler decides the course of a sweep: what is started when, what follows from an end, and when it is
// over.
#pragma once

#include "sweep/display.h"
#include "sweep/executor.h"
#include "sweep/runner.h"

namespace caddie {

/// Has the executor run what the options choose of the plan, within the limits, and shows it on the display.
/// Of the options only `folder`, `only` and `retry` matter here. Returns when nothing is at work and nothing
/// may start any more.
RunnerResult schedule_runs(Plan& plan, const RunnerOptions& options, const RunLimits& limits,
                           const RunnerHooks& hooks, RunExecutor& executor, Display& display);

}  // namespace caddie
