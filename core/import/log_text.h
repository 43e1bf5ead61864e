// SPDX-License-Identifier: Apache-2.0
// The text of a log is cut into lines as a person would read them on a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Holds one line of a log without what terminals and launchers added.
struct LogLine {
  int64_t number = 0;  // the number of the line in its file, from 1
  std::string text;
};

/// Returns the lines of a log. Ends of lines may be LF or CR LF. A carriage return within a line, by which a
/// progress bar is drawn over, begins another line of the same number. Escape sequences and control
/// characters of a terminal are left out.
std::vector<LogLine> log_lines(std::string_view text);

/// Returns the line without what launchers and loggers put before it: a tag in brackets such as "[rank0]:", a
/// date and a time, a level such as "INFO", the number of a task before a colon, or a name before a bar.
/// White space at the beginning of the message itself stays.
std::string_view without_prefixes(std::string_view line);

}  // namespace caddie
