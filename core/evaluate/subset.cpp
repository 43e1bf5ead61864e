// SPDX-License-Identifier: Apache-2.0
// Places the stretches of a subset, and scores the windows whose first scored position lies in one.
#include "evaluate/subset.h"

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/stopwatch.h"

namespace caddie {
namespace {

// Fewer stretches tell too little of their variance; more would be shorter and give no better estimate.
constexpr int64_t kFewest = 20, kMost = 64;

}  // namespace

std::vector<Stretch> spread_stretches(int64_t positions, double fraction, int64_t shortest, double place) {
  auto wanted = int64_t(fraction * double(positions));
  int64_t count = std::min(kMost, wanted / shortest);
  if (count < kFewest)
    fail_usage(
        "the share {} of {} positions has room for {} stretches of {}; an interval needs {}: "
        "take at least {}",
        fraction, positions, count, shortest, kFewest,
        std::ceil(1000 * double(kFewest * shortest) / double(positions)) / 1000);
  int64_t length = wanted / count;
  std::vector<Stretch> stretches;
  for (int64_t i = 0; i < count; ++i) {
    int64_t from = i * positions / count, room = (i + 1) * positions / count - from - length;
    from += int64_t(place * double(room));
    stretches.push_back({from, from + length});
  }
  return stretches;
}

int64_t stretch_of(const Window& window, std::span<const Stretch> stretches) {
  int64_t first = window.start + window.first_scored;
  auto found = std::partition_point(stretches.begin(), stretches.end(),
                                    [=](const Stretch& stretch) { return stretch.end <= first; });
  return found == stretches.end() || first < found->begin ? -1 : found - stretches.begin();
}

Score SubsetScorer::score(std::span<const Window> windows, double temperature) {
  check(stretches_.empty(),
        "the evaluator scores more than once; of that there is no estimate from a subset");
  Stopwatch clock;
  int64_t longest = 1;
  for (const Window& window : windows) {
    longest = std::max(longest, window.length);
    whole_ += window.length - window.first_scored;
  }
  std::vector<Stretch> stretches = spread_stretches(positions(), fraction_, longest);
  std::vector<Window> chosen;
  std::vector<size_t> parts;
  for (const Window& window : windows) {
    int64_t part = stretch_of(window, stretches);
    if (part < 0) continue;
    chosen.push_back(window);
    parts.push_back(size_t(part));
  }
  std::vector<Score> scores = scorer_.score_each(chosen, temperature);
  stretches_.resize(stretches.size());
  Score total;
  for (size_t i = 0; i < scores.size(); ++i) {
    stretches_[parts[i]].add(scores[i]);
    total.add(scores[i]);
  }
  total.seconds = clock.seconds();
  return total;
}

}  // namespace caddie
