// SPDX-License-Identifier: Apache-2.0
// Writes text without control codes, and progress to stderr, with the control codes of a terminal only where
// stderr is one.
#include "base/console.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/text.h"

namespace caddie {
namespace {

void say(const std::string& text) { std::fputs(text.c_str(), stderr); }

/// Returns the text without what would wrap on the terminal: a wrapped line cannot be rewritten in place.
std::string fitted(const std::string& text) {
  winsize size = {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2) return text;
  return std::string(first_characters(text, size.ws_col - 1U));
}

}  // namespace

void open_standard_streams() {
  for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) != -1) continue;
    // open() gives the lowest free descriptor, which is this one. Stdout is opened for reading, so that what
    // is written to it fails instead of vanishing.
    int opened = ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
    if (opened != descriptor) ::_exit(1);
  }
}

void say_aside(const std::string& line) {
  say(printable_lines(line) + "\n");
  std::fflush(stderr);
}

void print_lines(std::FILE* stream, const std::string& text) {
  if (stream == stderr)
    say(printable_lines(text));
  else
    fmt::print(stream, "{}", printable_lines(text));
}

StatusLine::StatusLine(bool quiet)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0), shown_(Clock::now() - std::chrono::hours(1)) {}

StatusLine::~StatusLine() {
  if (open_) say("\n");
}

bool StatusLine::due() const {
  return !quiet_ && Clock::now() - shown_ > std::chrono::milliseconds(terminal_ ? 100 : 10000);
}

void StatusLine::show(const std::string& text) {
  if (quiet_) return;
  shown_ = Clock::now();
  say(terminal_ ? "\r\033[K" + fitted(printable(text)) : printable_lines(text) + "\n");
  std::fflush(stderr);
  open_ = terminal_;
}

void StatusLine::finish(const std::string& text) {
  if (!quiet_) say((open_ ? "\r\033[K" : "") + printable_lines(text) + "\n");
  open_ = false;
}

}  // namespace caddie
