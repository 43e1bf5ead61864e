// SPDX-License-Identifier: Apache-2.0
// Shows a line of progress on stderr: it is rewritten in place on a terminal, a plain line now and then
// elsewhere.
#pragma once

#include <chrono>
#include <string>

namespace caddie {

/// Opens those of the descriptors 0, 1 and 2 that are closed, before any file takes their numbers and is
/// written to as if it were stderr. Reading and writing the opened stdin and stdout fails; what goes to
/// stderr is lost.
void open_standard_streams();

/// Shows how far some work is.
class StatusLine {
 public:
  /// A quiet status line prints nothing.
  explicit StatusLine(bool quiet = false);
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  /// Returns whether it is time to show something again, which is ten times a second on a terminal, else
  /// every ten seconds.
  bool due() const;
  /// Prints the text, on a terminal in place of what the line showed before and no wider than it.
  void show(const std::string& text);
  /// Ends the line: `text` stays, and later output starts below it.
  void finish(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_, open_ = false;
  Clock::time_point shown_;
};

}  // namespace caddie
