// SPDX-License-Identifier: Apache-2.0
// A loop starts what may start, waits for an event, and acts on it, until nothing is left to do.
#include "sweep/scheduler.h"

#include <fmt/format.h>

#include <set>

#include "sweep/pace.h"
#include "sweep/select_runs.h"

namespace caddie {
namespace {

class Scheduler {
 public:
  Scheduler(Plan& plan, const RunnerOptions& options, const RunLimits& limits, const RunnerHooks& hooks,
            RunExecutor& executor, Display& display)
      : plan_(plan),
        options_(options),
        hooks_(hooks),
        executor_(executor),
        display_(display),
        queue_(plan, limits),
        jobs_(limits.jobs) {}

  RunnerResult go();

 private:
  void take_in(size_t first);
  void ask_for_more();
  void start_some();
  bool start(size_t run);
  void stop();
  void stop_without_space(size_t run);
  void stop_slow_ones();
  void ended(const RunEnd& end);
  void done(const RunQueue::EndedRun& ended, const RunState& state);
  void results_changed();
  double seconds_left() const;
  void show() const;
  std::string name_of(size_t run) const { return name_of_run(plan_, run); }

  Plan& plan_;
  const RunnerOptions& options_;
  const RunnerHooks& hooks_;
  RunExecutor& executor_;
  Display& display_;
  RunQueue queue_;
  const int jobs_;
  Pace pace_;
};

RunnerResult Scheduler::go() {
  take_in(0);
  ask_for_more();
  while (true) {
    start_some();
    bool waits_for_others = !queue_.waiting().empty() && queue_.may_start(executor_.seconds());
    if (queue_.at_work().empty() && !waits_for_others) break;
    show();
    if (hooks_.meanwhile) hooks_.meanwhile();
    RunExecutor::Event event = executor_.wait(display_.is_live() ? 0.25 : 1);
    if (event.stop_asked) stop();
    if (event.ended) ended(*event.ended);
    stop_slow_ones();
  }
  // A full disk takes no tables either; they stand as the last result left them.
  if (hooks_.changed && !queue_.result().disk_full) hooks_.changed();
  return queue_.result();
}

/// Takes the chosen runs of the plan from number `first` on into the queue.
void Scheduler::take_in(size_t first) {
  for (size_t run : select_runs(plan_, options_.only))
    if (run >= first) queue_.add(run, executor_.state(run), options_.retry);
}

void Scheduler::ask_for_more() {
  if (!hooks_.more) return;
  std::vector<PlannedRun> more = hooks_.more(plan_);
  if (more.empty()) return;
  size_t before = plan_.runs.size();
  plan_.runs.insert(plan_.runs.end(), more.begin(), more.end());
  executor_.freeze_plan();
  take_in(before);
}

/// Starts what may start. Runs that cannot start yet leave their turn to those behind them.
void Scheduler::start_some() {
  std::vector<size_t> waiting = queue_.waiting();
  for (size_t run : waiting)
    if (queue_.may_start(executor_.seconds()) && queue_.fits_memory(run) &&
        executor_.can_start(run, queue_.runs_at_work()) && start(run))
      queue_.started(run, !executor_.training_to_make(run).empty(), executor_.seconds());
}

bool Scheduler::start(size_t run) {
  if (executor_.state(run).status != RunStatus::done) return executor_.start(run, queue_.waiting());
  // A child of an earlier, killed sweep came to its end after this one had begun.
  queue_.finished_elsewhere(run);
  display_.say(fmt::format("{} was finished by another process", name_of(run)));
  results_changed();
  return false;
}

void Scheduler::stop() {
  int times = queue_.ask_to_stop(executor_.seconds());
  for (size_t run : queue_.runs_at_work()) executor_.stop(run, times > 1);
  if (times == 1 && !queue_.at_work().empty())
    display_.say(fmt::format(
        "stopping: {} running, each saves a checkpoint or is killed after {:g} s; once more kills at once",
        queue_.at_work().size(), kGraceSeconds));
}

/// Has the runs at work save checkpoints, as far as these fit on the disk, where others would end like `run`.
void Scheduler::stop_without_space(size_t run) {
  for (size_t other : queue_.runs_at_work()) executor_.stop(other, false);
  if (!queue_.at_work().empty())
    display_.say(
        fmt::format("stopping: {} found the disk full; {} running, each saves a checkpoint if it can",
                    name_of(run), queue_.at_work().size()));
}

void Scheduler::stop_slow_ones() {
  for (const RunQueue::StopOrder& order : queue_.stop_slow_ones(executor_.seconds()))
    executor_.stop(order.run, order.kill);
}

void Scheduler::ended(const RunEnd& end) {
  bool was_stopping = queue_.is_stopping();
  RunQueue::EndedRun ended = queue_.ended(end);
  switch (ended.verdict.outcome) {
    case RunOutcome::done:
      done(ended, end.state);
      break;
    case RunOutcome::stopped:
      if (ended.requeued)
        display_.say(fmt::format("stopped {} from outside; it goes on later", name_of(end.run)));
      return;  // No result has changed, so that no table is written.
    case RunOutcome::no_space:
      if (!was_stopping) stop_without_space(end.run);
      return;
    case RunOutcome::failed:
      executor_.record_failure(end.run, ended.verdict.reason);
      [[fallthrough]];
    case RunOutcome::lost:
      display_.say(text_of_failure(name_of(end.run), ended.verdict,
                                   (options_.folder / plan_.runs[end.run].folder / "log.txt").string()));
  }
  results_changed();
}

void Scheduler::done(const RunQueue::EndedRun& ended, const RunState& state) {
  double seconds = executor_.seconds() - ended.work.since;
  pace_.add(ended.work.trains, seconds);
  display_.say(text_of_done(name_of(ended.work.run), state, seconds, queue_.result(),
                            queue_.waiting().size() + queue_.at_work().size()));
}

void Scheduler::results_changed() {
  ask_for_more();
  if (hooks_.changed) hooks_.changed();
}

/// Returns the time that is left. A training that several runs wait for is made once.
double Scheduler::seconds_left() const {
  WorkLeft left;
  left.jobs = jobs_;
  std::set<std::string> begun;
  for (const RunQueue::AtWork& work : queue_.at_work()) {
    begun.insert(executor_.training_to_make(work.run));
    left.at_work.push_back({work.trains, executor_.seconds() - work.since});
  }
  for (size_t run : queue_.waiting()) {
    std::string training = executor_.training_to_make(run);
    ++(!training.empty() && begun.insert(training).second ? left.trainings : left.others);
  }
  return pace_.seconds_left(left);
}

void Scheduler::show() const {
  if (!display_.is_live()) return;
  SweepStatus status{queue_.result(), queue_.waiting().size(), {}, seconds_left()};
  for (const RunQueue::AtWork& work : queue_.at_work())
    status.at_work.push_back(
        {name_of(work.run), executor_.seconds() - work.since, executor_.last_line(work.run)});
  display_.show(lines_of(status));
}

}  // namespace

RunnerResult schedule_runs(Plan& plan, const RunnerOptions& options, const RunLimits& limits,
                           const RunnerHooks& hooks, RunExecutor& executor, Display& display) {
  return Scheduler(plan, options, limits, hooks, executor, display).go();
}

}  // namespace caddie
