// SPDX-License-Identifier: Apache-2.0
// The lines on a sweep count its runs, and those on a run say what came of it.
#include "sweep/display.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "results/metrics.h"

namespace caddie {
namespace {

int ended(const RunnerResult& result) { return result.done + result.failed + result.lost; }

}  // namespace

std::string name_of_run(const Plan& plan, size_t run) {
  return fmt::format("{} s{}", plan.arms[plan.runs[run].arm].label, plan.runs[run].seed);
}

std::string text_of_done(const std::string& name, const RunState& state, double seconds,
                         const RunnerResult& result, size_t open) {
  return fmt::format("[{}/{}] done    {}   {} {:.5f}   {}", ended(result), ended(result) + int(open), name,
                     kBpb.name, state.summary.number(kBpb), duration(seconds));
}

std::string text_of_failure(const std::string& name, const EndVerdict& verdict, const std::string& log) {
  return fmt::format("{}  {}: {}; see {}", verdict.outcome == RunOutcome::lost ? "lost  " : "failed", name,
                     verdict.reason, log);
}

std::vector<std::string> lines_of(const SweepStatus& status) {
  const RunnerResult& result = status.result;
  std::string head = fmt::format("[{}/{}] {} running  {} queued  {} failed", result.done,
                                 size_t(ended(result)) + status.waiting + status.at_work.size(),
                                 status.at_work.size(), status.waiting, result.failed);
  if (result.lost > 0) head += fmt::format("  {} lost", result.lost);
  if (std::isfinite(status.seconds_left)) head += "   ETA " + duration(status.seconds_left);
  std::vector<std::string> lines = {head};
  size_t width = 0;
  for (const SweepStatus::AtWork& run : status.at_work) width = std::max(width, run.name.size());
  for (const SweepStatus::AtWork& run : status.at_work)
    lines.push_back(fmt::format("  {:<{}} {:>6}  {}", run.name, width, duration(run.seconds), run.says));
  return lines;
}

}  // namespace caddie
