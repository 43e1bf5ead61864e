// SPDX-License-Identifier: Apache-2.0
// Ends a program whose work hangs, and names the plugin that it hangs in.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace caddie {

/// Judges, at looks in even distances, whether the work goes on. Time in which nobody looked, because the
/// process was stopped or the machine slept, counts as one distance at most.
class StallJudge {
 public:
  /// Nothing that is shorter than `least` seconds is a stall; what has not yet finished a first piece has ten
  /// times as long.
  StallJudge(double least, double distance) : least_(least), distance_(distance) {}
  /// Takes a look: `seconds` since the last one, how many pieces are finished by now, and whether more are
  /// being worked at. Returns whether the work hangs: nothing was finished for `least` seconds, nor for
  /// twenty times as long as the longest silence before.
  bool hangs(double seconds, int64_t finished, bool at_work);
  double silence() const { return silence_; }
  double longest() const { return longest_; }

 private:
  double least_, distance_;
  double silence_ = 0, longest_ = 0;
  int64_t finished_ = 0;
  bool any_ = false;  // whether a piece was ever finished
};

/// Watches the pieces of work that beat() counts while a BeatingWork lives, from a thread of its own. When
/// the work hangs, it calls `at_end` with the reason, says it on stderr and ends the program with kFailed.
class StallWatch {
 public:
  /// `least` seconds are as in StallJudge; 0 watches nothing. `at_end` runs while other threads hang.
  StallWatch(double least, std::function<void(const std::string&)> at_end);
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

 private:
  void watch(double least);

  std::function<void(const std::string&)> at_end_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
  std::thread thread_;  // is the last member, as it uses the others
};

/// Returns which plugin one of the process's threads works for, in words; "" when none does. Uses SIGURG.
std::string plugin_at_work_anywhere();

}  // namespace caddie
