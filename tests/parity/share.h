// SPDX-License-Identifier: Apache-2.0
// Which windows of an evaluation one of several ranks of upstream scores.
#pragma once

#include <caddie/evaluator.h>

#include <span>
#include <string>
#include <vector>

namespace caddie::parity {

struct Share {
  int64_t rank = 0, ranks = 1;
  std::string order = "blocks";  // a stretch of neighbours, or "interleaved": every `ranks`-th window

  std::vector<Window> of(std::span<const Window> windows) const {
    auto count = int64_t(windows.size());
    bool interleaved = order == "interleaved";
    int64_t begin = interleaved ? rank : count * rank / ranks;
    int64_t end = interleaved ? count : count * (rank + 1) / ranks;
    std::vector<Window> share;
    for (int64_t i = begin; i < end; i += interleaved ? ranks : 1) share.push_back(windows[size_t(i)]);
    return share;
  }
};

}  // namespace caddie::parity
