// SPDX-License-Identifier: Apache-2.0
// A made-up plan, and runs of it that take no process and no time: a script says what becomes of them.
#pragma once

#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "sweep/executor.h"
#include "sweep/scheduler.h"

namespace caddie::testing {

/// Arms of these labels, the first one the baseline, with the same seeds; seed by seed.
Plan made_up_plan(const std::vector<std::string>& labels, const std::vector<int64_t>& seeds);

/// What becomes of one attempt at a run.
struct Script {
  double seconds = 10;  // after which it ends
  ChildEnd process = {};
  RunStatus status = RunStatus::done;  // that its folder has then
  std::string reason = {};             // of a failure, by its summary
  RunSummary summary = {};
  bool stale = false;
  bool heeds_requests = true;  // asked to stop it ends a second later with code 130; killed it always ends
};
/// An attempt that fails after so many seconds and tells why.
Script failing(const std::string& reason, double seconds = 10);
/// One that a signal ends which nobody in the sweep has sent.
Script ended_by(int signal, double seconds = 10);
/// One that ends with code 130 although nobody in the sweep has asked it to.
Script stopped_outside(double seconds = 10);

class FakeRuns final : public RunExecutor {
 public:
  explicit FakeRuns(const Plan& plan) : plan_(plan) {}

  std::map<size_t, std::deque<Script>> scripts;  // of the attempts at each run; when none is left: done
  std::deque<double> stop_signals;               // when the sweep is asked to stop
  std::map<size_t, RunStatus> states;            // of runs before the sweep; by default planned
  std::map<size_t, double> busy_until;           // runs that a process of an earlier sweep is at work on
  std::set<size_t> done_when_free;               // those of them that are done then
  std::map<size_t, size_t> needs;                // run -> the run that makes its training
  std::set<size_t> cannot_start;                 // runs that no process can be had for

  // What the sweep did, in order: "start 3", "ask 3", "kill 3", "record 3: reason", "freeze".
  std::vector<std::string> deeds;
  std::map<size_t, double> started_at;  // the last attempt at each run
  size_t most_at_once = 0;

  double seconds() const override { return now_; }
  RunState state(size_t run) const override;
  std::vector<RunState> all_states() const;
  std::string training_to_make(size_t run) const override;
  std::string last_line(size_t run) const override { return "step " + std::to_string(run); }
  bool can_start(size_t run, const std::vector<size_t>& at_work) const override;
  bool start(size_t run, const std::vector<size_t>& waiting) override;
  void stop(size_t run, bool kill) override;
  Event wait(double seconds) override;
  void record_failure(size_t run, const std::string& reason) override;
  void freeze_plan() override { deeds.push_back("freeze"); }

  /// How often a deed was done.
  int64_t count(const std::string& deed) const;

 private:
  struct AtWork {
    double ends_at;
    Script script;
  };
  RunEnd take(size_t run);

  const Plan& plan_;
  double now_ = 0;
  std::map<size_t, AtWork> at_work_;
  std::map<size_t, RunEnd> ended_;  // the last end of each run
  int waits_ = 0;
};

/// Keeps what is said and shown.
class Transcript final : public Display {
 public:
  bool is_live() const override { return live; }
  void show(const std::vector<std::string>& lines) override { shown.push_back(lines); }
  void say(const std::string& line) override { said.push_back(line); }
  /// Whether any line that was said holds the text.
  bool says(const std::string& text) const;

  bool live = false;
  std::vector<std::vector<std::string>> shown;
  std::vector<std::string> said;
};

}  // namespace caddie::testing
