// SPDX-License-Identifier: Apache-2.0
// A line of progress on stderr: rewritten in place on a terminal, a plain line now and then elsewhere.
#pragma once

#include <chrono>
#include <string>

namespace caddie {

class StatusLine {
 public:
  /// A quiet one prints nothing.
  explicit StatusLine(bool quiet = false);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Whether it is time to show something again: ten times a second on a terminal, else every ten seconds.
  bool due() const;
  void show(const std::string& text);
  /// Ends the line: `text` stays, and later output starts below it.
  void finish(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_, open_ = false;
  Clock::time_point shown_;
};

}  // namespace caddie
