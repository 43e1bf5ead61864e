// SPDX-License-Identifier: Apache-2.0
// Windows of T positions that start every S = `stride` positions; all but the first give their early
// positions as context only. Of N positions, a window at w covers w .. min(w + T, N) - 1 and
//   a         starts while w + T - S < N and scores from w + T - S on, so each position exactly once
//   b         starts while w < N and scores its last S, so that cut windows score the end of the stream again
//   b_stride  as b, without the windows that hold fewer than S positions
//   c         starts while w + T <= N; even the first one scores only its last S
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "windowed.h"

struct Sliding {
  int64_t stride = 64;
  std::string variant = "a";

  void settings(caddie::Settings& s) {
    s("stride", stride, "positions from one window to the next", caddie::at_least(1));
    s("variant", variant, "which windows there are and what they score",
      caddie::one_of("a", "b", "b_stride", "c"));
  }
  void validate(int64_t length) const {
    caddie::check(stride <= length,
                  "stride {} skips positions, for a window has {}; take a stride of at most {}", stride,
                  length, length);
  }
  // Returns the windows of some stretches; `full` is the length of a window that is not cut.
  std::vector<caddie::Window> windows(const std::vector<caddie::Stretch>& stretches, int64_t full) const {
    std::vector<caddie::Window> all;
    for (const caddie::Stretch& stretch : stretches) slide(stretch, full, all);
    return all;
  }
  void slide(const caddie::Stretch& stretch, int64_t full, std::vector<caddie::Window>& windows) const {
    int64_t positions = stretch.end - stretch.begin;
    for (int64_t start = 0; start == 0 || exists(start, positions, full); start += stride) {
      int64_t length = std::min(full, positions - start);
      int64_t context = variant == "a" ? full - stride : std::max<int64_t>(length - stride, 0);
      windows.push_back({stretch.begin + start, length, start == 0 && variant != "c" ? 0 : context});
    }
  }
  // Tells whether the variant has a window at `start`; the first window always exists.
  bool exists(int64_t start, int64_t positions, int64_t full) const {
    if (variant == "a") return start + full - stride < positions;
    if (variant == "b") return start < positions;
    if (variant == "b_stride") return start + stride <= positions;
    return start + full <= positions;
  }
};
