// SPDX-License-Identifier: Apache-2.0
// Blocks the signals that matter and takes them one by one, so that no handler runs and none is lost.
#include "process/child_set.h"

#include <sys/wait.h>

#include <algorithm>
#include <cmath>

#include "base/stopwatch.h"

namespace caddie {
namespace {

/// Returns the next signal of `signals`, or 0 when none comes within `seconds`.
int next_signal(const sigset_t& signals, double seconds) {
  double whole = std::floor(std::max(0.0, seconds));
  timespec limit = {time_t(whole), long((std::max(0.0, seconds) - whole) * 1e9)};
  return std::max(0, ::sigtimedwait(&signals, nullptr, &limit));
}

}  // namespace

ChildSet::ChildSet(double patience) : patience_(patience) {
  sigemptyset(&stops_);
  for (int number : {SIGINT, SIGTERM}) sigaddset(&stops_, number);
  watched_ = stops_;
  sigaddset(&watched_, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &watched_, &before_);
  // The program may have been started with SIGCHLD ignored; then children would vanish without a status.
  std::signal(SIGCHLD, SIG_DFL);
}

ChildSet::~ChildSet() {
  if (patience_ > 0) {
    signal_all(SIGTERM);
    Stopwatch clock;
    while (!empty() && clock.seconds() < patience_)
      if (wait(patience_ - clock.seconds()).stop_signal != 0) break;
  }
  signal_all(SIGKILL);
  for (const Child& child : children_) ::waitpid(child.pid, nullptr, 0);
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void ChildSet::start(size_t key, const ChildCommand& command) {
  children_.push_back({key, start_child(command, before_)});
}

void ChildSet::signal(size_t key, int number) const {
  for (const Child& child : children_)
    if (child.key == key) ::kill(child.pid, number);
}

void ChildSet::signal_all(int number) const {
  for (const Child& child : children_) ::kill(child.pid, number);
}

ChildSet::Event ChildSet::wait(double seconds) {
  if (int stop = next_signal(stops_, 0)) return {stop, {}};
  if (std::optional<Ended> ended = reap_one()) return {0, ended};
  int number = next_signal(watched_, seconds);
  if (number == SIGINT || number == SIGTERM) return {number, {}};
  return {0, reap_one()};
}

std::optional<ChildSet::Ended> ChildSet::reap_one() {
  for (auto child = children_.begin(); child != children_.end(); ++child) {
    int status = 0;
    if (::waitpid(child->pid, &status, WNOHANG) != child->pid) continue;
    Ended ended{child->key, end_of_status(status)};
    children_.erase(child);
    return ended;
  }
  return {};
}

}  // namespace caddie
