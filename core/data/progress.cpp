// SPDX-License-Identifier: Apache-2.0
// Formats the share done, the speed and the time left of a pass.
#include "data/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace caddie {

ByteProgress::ByteProgress(std::string what, int64_t total, bool quiet)
    : what_(std::move(what)), total_(total), line_(quiet) {}

void ByteProgress::update(int64_t done) {
  if (!line_.due()) return;
  double rate = double(done) / clock_.seconds();
  std::string left = done > 0 ? duration(double(total_ - done) / rate) : "?";
  line_.show(fmt::format("{}: {:.0f} %, {:.1f} MB/s, {} left", what_,
                         100.0 * double(done) / double(std::max<int64_t>(total_, 1)), rate / 1e6, left));
}

void ByteProgress::finish(const std::string& result) {
  line_.finish(fmt::format("{}: {} in {}", what_, result, duration(clock_.seconds())));
}

}  // namespace caddie
