// SPDX-License-Identifier: Apache-2.0
// A run that has ended waits again when it was stopped by somebody else or has retries left; otherwise it is
// counted. A full disk stops everything.
#include "sweep/run_queue.h"

#include <algorithm>
#include <limits>

namespace caddie {
namespace {

constexpr int kMostStops = 10;  // After so many stops by somebody else a run is left.

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
  if (started_ >= limits_.max_runs) return false;
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

RunQueue::EndedRun RunQueue::ended(const RunEnd& end) {
  auto found =
      std::find_if(at_work_.begin(), at_work_.end(), [&](const AtWork& work) { return work.run == end.run; });
  EndedRun ended;
  ended.work = *found;
  at_work_.erase(found);
  ended.verdict = judge(end, {ended.work.timed_out, is_stopping(), plan_.run.timeout_seconds});
  RunOutcome outcome = ended.verdict.outcome;
  result_.disk_full |= outcome == RunOutcome::no_space;
  if (outcome == RunOutcome::done) {
    int64_t& peak = peaks_[plan_.runs[end.run].arm];
    peak = std::max(peak, end.state.summary.peak_memory_bytes.value_or(0));
  }
  History& history = history_[end.run];
  if (outcome == RunOutcome::stopped) {
    ++history.stops;
    --history.attempts;
  }
  ended.requeued = is_requeued(history, outcome);
  if (ended.requeued)
    waiting_.push_back(end.run);
  else
    count(outcome);
  return ended;
}

/// Tells whether a run that ended like this waits again in this sweep.
bool RunQueue::is_requeued(const History& history, RunOutcome outcome) const {
  if (outcome == RunOutcome::done || is_stopping()) return false;
  return outcome == RunOutcome::stopped ? history.stops <= kMostStops : history.attempts <= plan_.run.retries;
}

void RunQueue::count(RunOutcome outcome) {
  switch (outcome) {
    case RunOutcome::done:
      ++result_.done;
      break;
    case RunOutcome::failed:
      ++result_.failed;
      break;
    case RunOutcome::lost:
      ++result_.lost;
      break;
    case RunOutcome::stopped:
    case RunOutcome::no_space:
      ++result_.left;
  }
}

void RunQueue::finished_elsewhere(size_t run) {
  std::erase(waiting_, run);
  ++result_.done;
}

RunnerResult RunQueue::result() const {
  RunnerResult result = result_;
  result.left += int(waiting_.size());
  result.interrupted = stops_asked_ > 0;
  return result;
}

std::vector<RunQueue::StopOrder> RunQueue::stop_slow_ones(double now) {
  constexpr double kNever = -std::numeric_limits<double>::infinity();
  std::vector<StopOrder> orders;
  double since_stop = is_stopping() ? now - stop_asked_at_ : kNever;
  for (AtWork& work : at_work_) {
    bool limited = plan_.run.timeout_seconds > 0;
    double late = limited ? now - work.since - plan_.run.timeout_seconds : kNever;
    if (std::max(late, since_stop) > kGraceSeconds) {
      if (!work.killed) orders.push_back({work.run, true});
      work.killed = true;
    } else if (late > 0 && !work.timed_out) {
      orders.push_back({work.run, false});
    }
    work.timed_out = late > 0;
  }
  return orders;
}

int RunQueue::ask_to_stop(double now) {
  if (stops_asked_ == 0) stop_asked_at_ = now;
  return ++stops_asked_;
}

}  // namespace caddie
