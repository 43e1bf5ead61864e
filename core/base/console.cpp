// SPDX-License-Identifier: Apache-2.0
#include "base/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace caddie {

StatusLine::StatusLine(bool quiet)
    : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) != 0), shown_(Clock::now() - std::chrono::hours(1)) {}

StatusLine::~StatusLine() {
  if (open_) fmt::print(stderr, "\n");
}

bool StatusLine::due() const {
  return !quiet_ && Clock::now() - shown_ > std::chrono::milliseconds(terminal_ ? 100 : 10000);
}

void StatusLine::show(const std::string& text) {
  if (quiet_) return;
  shown_ = Clock::now();
  fmt::print(stderr, "{}{}{}", terminal_ ? "\r\033[K" : "", text, terminal_ ? "" : "\n");
  std::fflush(stderr);
  open_ = terminal_;
}

void StatusLine::finish(const std::string& text) {
  if (!quiet_) fmt::print(stderr, "{}{}\n", open_ ? "\r\033[K" : "", text);
  open_ = false;
}

}  // namespace caddie
