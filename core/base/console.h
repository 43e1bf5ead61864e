// SPDX-License-Identifier: Apache-2.0
// Prepares the standard streams of the program, prints text for people, and shows a line of progress on
// stderr: it is rewritten in place on a terminal, and elsewhere printed as a new line now and then.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

namespace caddie {

/// Opens those of the descriptors 0, 1 and 2 that are closed, before any file takes their numbers and is
/// written to as if it were stderr. The opened stdin is empty, writing to the opened stdout fails, and what
/// goes to the opened stderr is lost.
void open_standard_streams();

/// Writes a line of progress or a note to stderr. What cannot be written is lost, and the work goes on: all
/// that is no error goes to stderr through this function or StatusLine.
void say_aside(const std::string& line);
/// Prints the text as printable_lines() writes it, so that no text of a user commands the terminal. JSON
/// stays JSON of the same meaning. Throws std::system_error when it cannot be written; what cannot be written
/// to stderr is lost.
void print_lines(std::FILE* stream, const std::string& text);

/// Formats a text as fmt::print() does, and gives it to print_lines().
template <class... Arguments>
void tell(std::FILE* stream, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  print_lines(stream, fmt::format(format, std::forward<Arguments>(arguments)...));
}
/// Tells on stdout.
template <class... Arguments>
void tell(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  print_lines(stdout, fmt::format(format, std::forward<Arguments>(arguments)...));
}

/// Shows how far some work has come.
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
  /// Prints the text. On a terminal it takes the place of what was shown before, and is cut to the width.
  void show(const std::string& text);
  /// Ends the line: `text` stays, and later output starts below it.
  void finish(const std::string& text);

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_, open_ = false;
  Clock::time_point shown_;
};

}  // namespace caddie
