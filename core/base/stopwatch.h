// SPDX-License-Identifier: Apache-2.0
// Measures how long something takes.
#pragma once

#include <chrono>
#include <utility>

namespace caddie {

/// Measures the seconds since it was made, by a clock that nobody sets.
class Stopwatch {
 public:
  /// Returns the seconds since it was made or last started anew.
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  /// Returns the seconds as seconds() does, and starts anew.
  double lap() {
    Clock::time_point now = Clock::now();
    return std::chrono::duration<double>(now - std::exchange(start_, now)).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace caddie
