// SPDX-License-Identifier: Apache-2.0
// A run that has ended waits again when it was stopped by somebody else or has retries left; otherwise it is
// counted.
#include "sweep/run_queue.h"

#include <algorithm>

namespace caddie {
namespace {

constexpr int kMostStops = 10;        // After so many stops by somebody else a run is left.
constexpr double kGraceSeconds = 30;  // the time for the checkpoint of a run that is asked to stop

}  // namespace

void RunQueue::add(size_t run, const RunState& state, bool retry) {
  bool done = state.status == RunStatus::done, failed = state.status == RunStatus::failed;
  bool wanted = retry ? failed || state.status == RunStatus::lost : !done && !failed;
  if (wanted)
    waiting_.push_back(run);
  else
    result_.failed += failed;
  result_.done += done;
}

std::vector<size_t> RunQueue::runs_at_work() const {
  std::vector<size_t> runs;
  for (const AtWork& work : at_work_) runs.push_back(work.run);
  return runs;
}

bool RunQueue::may_start(double now) const {
  if (is_stopping() || int(at_work_.size()) >= limits_.jobs) return false;
  if (limits_.max_runs > 0 && started_ >= limits_.max_runs) return false;
  return limits_.budget_seconds <= 0 || now < limits_.budget_seconds;
}

int64_t RunQueue::memory_of(size_t run) const {
  size_t arm = plan_.runs[run].arm;
  auto known = peaks_.find(arm);
  return known != peaks_.end() ? known->second : plan_.arms[arm].memory_bytes;
}

bool RunQueue::fits_memory(size_t run) const {
  int64_t taken = memory_of(run);
  for (const AtWork& work : at_work_) taken += memory_of(work.run);
  return at_work_.empty() || taken <= limits_.memory_bytes;
}

void RunQueue::started(size_t run, bool trains, double now) {
  std::erase(waiting_, run);
  at_work_.push_back({run, now, trains});
  ++started_;
  ++history_[run].attempts;
}

RunQueue::Aftermath RunQueue::ended(const RunEnd& end) {
  auto found =
      std::find_if(at_work_.begin(), at_work_.end(), [&](const AtWork& work) { return work.run == end.run; });
  Aftermath after;
  after.work = *found;
  at_work_.erase(found);
  after.verdict = judge(end, {after.work.timed_out, is_stopping(), plan_.run.timeout_seconds});
  if (after.verdict.outcome == RunOutcome::done) {
    int64_t& peak = peaks_[plan_.runs[end.run].arm];
    peak = std::max(peak, end.state.summary.peak_memory_bytes.value_or(0));
  }
  after.goes_on = takes_up(end.run, after.verdict.outcome);
  if (after.goes_on) waiting_.push_back(end.run);
  return after;
}

/// Tells whether a run that ended like this is to go on in this sweep, and counts it when it is not.
bool RunQueue::takes_up(size_t run, RunOutcome outcome) {
  History& history = history_[run];
  if (outcome == RunOutcome::done) {
    ++result_.done;
    return false;
  }
  if (outcome == RunOutcome::stopped) {
    if (is_stopping() || ++history.stops > kMostStops) {
      ++result_.left;
      return false;
    }
    --history.attempts;
    return true;
  }
  if (!is_stopping() && history.attempts <= plan_.run.retries) return true;
  ++(outcome == RunOutcome::lost ? result_.lost : result_.failed);
  return false;
}

void RunQueue::finished_elsewhere(size_t run) {
  std::erase(waiting_, run);
  ++result_.done;
}

RunnerResult RunQueue::result() const {
  RunnerResult result = result_;
  result.left += int(waiting_.size());
  result.interrupted = is_stopping();
  return result;
}

std::vector<RunQueue::StopOrder> RunQueue::stop_slow_ones(double now) {
  std::vector<StopOrder> orders;
  if (plan_.run.timeout_seconds <= 0) return orders;
  for (AtWork& work : at_work_) {
    double late = now - work.since - plan_.run.timeout_seconds;
    if (late > kGraceSeconds)
      orders.push_back({work.run, true});
    else if (late > 0 && !work.timed_out)
      orders.push_back({work.run, false});
    work.timed_out = late > 0;
  }
  return orders;
}

}  // namespace caddie
