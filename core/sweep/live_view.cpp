// SPDX-License-Identifier: Apache-2.0
// Escape sequences on stderr take the lines back that were shown last.
#include "sweep/live_view.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/console.h"
#include "base/text.h"

namespace caddie {
namespace {

size_t terminal_width() {
  winsize size = {};
  bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

}  // namespace

LiveView::LiveView(bool quiet) : quiet_(quiet), live_(!quiet && ::isatty(STDERR_FILENO)) {}

void LiveView::clear() {
  if (height_ > 0) std::fputs(fmt::format("\r\033[{}A\033[J", height_).c_str(), stderr);
  height_ = 0;
}

void LiveView::show(const std::vector<std::string>& lines) {
  if (!live_) return;
  clear();
  size_t width = terminal_width();
  for (const std::string& line : lines) say_aside(std::string(first_characters(printable(line), width - 1)));
  height_ = lines.size();
}

void LiveView::say(const std::string& line) {
  if (quiet_) return;
  clear();
  say_aside(line);
}

}  // namespace caddie
