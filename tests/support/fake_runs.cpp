// SPDX-License-Identifier: Apache-2.0
#include "support/fake_runs.h"

#include <caddie/error.h>

#include <algorithm>
#include <catch2/catch.hpp>

#include "process/interrupt.h"

namespace caddie::testing {

Plan made_up_plan(const std::vector<std::string>& labels, const std::vector<int64_t>& seeds) {
  Plan plan;
  plan.name = "made_up";
  plan.seeds = seeds;
  for (const std::string& label : labels) {
    Arm arm;
    arm.label = label;
    arm.kind = plan.arms.empty() ? "baseline" : "grid";
    arm.experiment = "title = \"" + label + "\"\n";
    plan.arms.push_back(arm);
  }
  for (int64_t seed : seeds)
    for (size_t arm = 0; arm < labels.size(); ++arm)
      plan.runs.push_back({arm, seed, "runs/" + labels[arm] + "-s" + std::to_string(seed)});
  return plan;
}

Script failing(const std::string& reason, double seconds) {
  return {seconds, {1, 0}, RunStatus::failed, reason};
}
Script ended_by(int signal, double seconds) { return {seconds, {0, signal}, RunStatus::lost}; }
Script stopped_outside(double seconds) { return {seconds, {kInterrupted, 0}, RunStatus::planned}; }

RunState FakeRuns::state(size_t run) const {
  if (auto end = ended_.find(run); end != ended_.end() && !at_work_.count(run)) return end->second.state;
  RunState state;
  if (auto before = states.find(run); before != states.end()) state.status = before->second;
  auto busy = busy_until.find(run);
  if (at_work_.count(run) || (busy != busy_until.end() && now_ < busy->second))
    state.status = RunStatus::running;
  else if (done_when_free.count(run))
    state.status = RunStatus::done;
  return state;
}

std::vector<RunState> FakeRuns::all_states() const {
  std::vector<RunState> states;
  for (size_t run = 0; run < plan_.runs.size(); ++run) states.push_back(state(run));
  return states;
}

std::string FakeRuns::training_to_make(size_t run) const {
  auto maker = needs.find(run);
  size_t made_by = maker == needs.end() ? run : maker->second;
  return state(made_by).status == RunStatus::done ? "" : "training of " + std::to_string(made_by);
}

bool FakeRuns::can_start(size_t run, const std::vector<size_t>& at_work) const {
  auto maker = needs.find(run);
  return maker == needs.end() || std::find(at_work.begin(), at_work.end(), maker->second) == at_work.end();
}

bool FakeRuns::start(size_t run, const std::vector<size_t>& waiting) {
  REQUIRE(std::find(waiting.begin(), waiting.end(), run) != waiting.end());
  REQUIRE_FALSE(at_work_.count(run));
  if (cannot_start.count(run)) throw Error("cannot start a process: Resource temporarily unavailable");
  if (auto busy = busy_until.find(run); busy != busy_until.end() && now_ < busy->second) return false;
  Script script;
  if (std::deque<Script>& left = scripts[run]; !left.empty()) {
    script = left.front();
    left.pop_front();
  }
  at_work_[run] = {now_ + script.seconds, script};
  started_at[run] = now_;
  most_at_once = std::max(most_at_once, at_work_.size());
  deeds.push_back("start " + std::to_string(run));
  return true;
}

void FakeRuns::stop(size_t run, bool kill) {
  AtWork& work = at_work_.at(run);
  deeds.push_back((kill ? "kill " : "ask ") + std::to_string(run));
  if (kill) {
    work = {now_, ended_by(SIGKILL)};
  } else if (work.script.heeds_requests && work.ends_at > now_ + 1) {
    work = {now_ + 1, stopped_outside()};
  }
}

RunExecutor::Event FakeRuns::wait(double seconds) {
  REQUIRE(++waits_ < 10000);  // else the sweep hangs
  auto next = std::min_element(at_work_.begin(), at_work_.end(), [](const auto& a, const auto& b) {
    return a.second.ends_at < b.second.ends_at;
  });
  double limit = now_ + seconds, end = next == at_work_.end() ? INFINITY : next->second.ends_at;
  double signal = stop_signals.empty() ? INFINITY : stop_signals.front();
  now_ = std::max(now_, std::min({limit, end, signal}));
  if (signal <= std::min(limit, end)) {
    stop_signals.pop_front();
    return {true, {}};
  }
  if (end <= limit) return {false, take(next->first)};
  return {};
}

RunEnd FakeRuns::take(size_t run) {
  Script script = at_work_.at(run).script;
  at_work_.erase(run);
  RunEnd end{run, script.process, {}, "the last words of its log"};
  end.state.status = script.status;
  end.state.reason = script.reason;
  end.state.stale = script.stale;
  end.state.summary = script.summary;
  ended_[run] = end;
  return end;
}

void FakeRuns::record_failure(size_t run, const std::string& reason) {
  deeds.push_back("record " + std::to_string(run) + ": " + reason);
  ended_.at(run).state.status = RunStatus::failed;
}

int64_t FakeRuns::count(const std::string& deed) const {
  return std::count(deeds.begin(), deeds.end(), deed);
}

bool Transcript::says(const std::string& text) const {
  return std::any_of(said.begin(), said.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

}  // namespace caddie::testing
