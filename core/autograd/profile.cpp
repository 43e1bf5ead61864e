// SPDX-License-Identifier: Apache-2.0
// Keeps the times of each thread apart while passes run, and sums them when they are asked for.
#include "autograd/profile.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>

namespace caddie {
namespace {

using Clock = std::chrono::steady_clock;

bool profiling = false;

/// Holds the times of one thread; `charged` is the part that its time has gone to since `since`, or null.
struct ThreadTimes {
  std::map<const char*, PartTime> parts;
  const char* charged = nullptr;
  bool backward = false;
  Clock::time_point since;
};

std::mutex threads_mutex;
std::vector<std::shared_ptr<ThreadTimes>>& all_threads() {
  static std::vector<std::shared_ptr<ThreadTimes>> threads;
  return threads;
}

/// Returns the times of the calling thread, which outlive it so that profile() can sum them.
ThreadTimes& own_times() {
  thread_local std::shared_ptr<ThreadTimes> times = [] {
    auto made = std::make_shared<ThreadTimes>();
    std::lock_guard lock(threads_mutex);
    all_threads().push_back(made);
    return made;
  }();
  return *times;
}

/// Ends the time of the part at hand and starts that of `part`, which may be null.
void charge(const char* part, bool backward) {
  ThreadTimes& times = own_times();
  Clock::time_point now = Clock::now();
  if (times.charged) {
    PartTime& time = times.parts[times.charged];
    (times.backward ? time.backward : time.forward) +=
        std::chrono::duration<double>(now - times.since).count();
  }
  times.charged = part;
  times.backward = backward;
  times.since = now;
}

}  // namespace

void set_profiling(bool on) {
  std::lock_guard lock(threads_mutex);
  for (const auto& times : all_threads()) times->parts.clear();
  profiling = on;
}

std::vector<PartTime> profile() {
  std::map<std::string, PartTime> by_name;
  std::lock_guard lock(threads_mutex);
  for (const auto& times : all_threads())
    for (const auto& [part, time] : times->parts) {
      PartTime& sum = by_name[part];
      sum.part = part;
      sum.forward += time.forward;
      sum.backward += time.backward;
    }
  std::vector<PartTime> parts;
  for (auto& [name, time] : by_name) parts.push_back(time);
  std::stable_sort(parts.begin(), parts.end(), [](const PartTime& a, const PartTime& b) {
    return a.forward + a.backward > b.forward + b.backward;
  });
  return parts;
}

void charge_forward(const char* part) {
  if (profiling) charge(part, false);
}

void charge_backward(const char* part) {
  if (profiling) charge(part, true);
}

}  // namespace caddie
