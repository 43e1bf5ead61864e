// SPDX-License-Identifier: Apache-2.0
// Evaluators: which positions they score, worked out by hand, and the published counts.
#include <catch2/catch.hpp>
#include <map>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

// Notes what it is asked for: start -> scored positions.
struct Listener final : Scorer {
  int64_t count, length;
  double temperature = 0;
  std::vector<Window> windows;
  std::vector<int64_t> starts;

  Listener(int64_t positions, int64_t sequence) : count(positions), length(sequence) {}
  int64_t positions() const override { return count; }
  int64_t sequence_length() const override { return length; }
  std::span<const int64_t> document_starts() const override { return starts; }
  Score score(std::span<const Window> asked, double divisor) override {
    windows.assign(asked.begin(), asked.end());
    temperature = divisor;
    Score score;
    for (const Window& window : windows) score.tokens += window.length - window.first_scored;
    score.windows = int64_t(windows.size());
    return score;
  }
};

using Scored = std::vector<std::vector<int64_t>>;  // start, then the scored positions

Scored scored(const std::string& name, const Values& values, int64_t positions, int64_t length,
              std::vector<int64_t> starts = {}) {
  Listener listener(positions, length);
  listener.starts = std::move(starts);
  make_plugin<Evaluator>(name, values)->evaluate(listener);
  Scored out;
  for (const Window& window : listener.windows) {
    CHECK(window.start + window.length <= positions);
    out.push_back({window.start});
    for (int64_t i = window.first_scored; i < window.length; ++i) out.back().push_back(window.start + i);
  }
  return out;
}
Score counts(int64_t positions, int64_t length, int64_t stride, const char* variant) {
  Listener listener(positions, length);
  return make_plugin<Evaluator>("sliding_window", {{"stride", double(stride)}, {"variant", variant}})
      ->evaluate(listener);
}

}  // namespace

TEST_CASE("standard scores full windows side by side", "[evaluators]") {
  CHECK(scored("standard", {}, 11, 4) == Scored{{0, 0, 1, 2, 3}, {4, 4, 5, 6, 7}});
  CHECK(scored("standard", {{"sequence_length", 5.0}}, 11, 4) ==
        Scored{{0, 0, 1, 2, 3, 4}, {5, 5, 6, 7, 8, 9}});
}

TEST_CASE("sliding windows of length 4, stride 2, over 12 and 11 positions", "[evaluators]") {
  auto slide = [](const char* variant, int64_t positions) {
    return scored("sliding_window", {{"stride", 2.0}, {"variant", variant}}, positions, 4);
  };
  Scored a = {{0, 0, 1, 2, 3}, {2, 4, 5}, {4, 6, 7}, {6, 8, 9}, {8, 10, 11}};
  CHECK(slide("a", 12) == a);
  Scored b = a;
  b.push_back({10, 10, 11});
  CHECK(slide("b", 12) == b);
  CHECK(slide("b_stride", 12) == b);
  Scored c = a;
  c[0] = {0, 2, 3};
  CHECK(slide("c", 12) == c);

  a.back() = {8, 10};
  CHECK(slide("a", 11) == a);
  b[4] = {8, 9, 10};
  b[5] = {10, 10};
  CHECK(slide("b", 11) == b);
  b.pop_back();
  CHECK(slide("b_stride", 11) == b);
  c.pop_back();
  CHECK(slide("c", 11) == c);
}

TEST_CASE("sliding windows over less than one window", "[evaluators]") {
  for (const char* variant : {"a", "b_stride"})
    CHECK(scored("sliding_window", {{"stride", 4.0}, {"variant", variant}}, 3, 4) == Scored{{0, 0, 1, 2}});
}

TEST_CASE("variant a scores each position exactly once", "[evaluators]") {
  for (int64_t positions : {1, 15, 16, 17, 31, 77, 100})
    for (int64_t stride : {1, 3, 5, 16}) {
      std::map<int64_t, int> times;
      for (auto& window : scored("sliding_window", {{"stride", double(stride)}}, positions, 16))
        for (size_t i = 1; i < window.size(); ++i) ++times[window[i]];
      INFO(positions << " positions, stride " << stride);
      CHECK(int64_t(times.size()) == positions);
      for (auto& [position, count] : times) CHECK(count == 1);
    }
}

TEST_CASE("window counts of published evaluations", "[evaluators]") {
  const int64_t positions = 62'021'632;
  Score a = counts(positions, 2048, 64, "a");
  CHECK(a.windows == 969'057);
  CHECK(a.tokens == positions);
  Score b = counts(positions, 2048, 64, "b");
  CHECK(b.windows == 969'088);
  CHECK(b.tokens == 62'023'616);
  CHECK(counts(positions, 2048, 16, "b").tokens == positions + 2'032);
  CHECK(counts(positions, 2048, 64, "c").tokens == 62'019'648);

  // Tiny ones, with T = 16, run by the published code.
  CHECK(counts(99, 16, 4, "b").tokens == 111);
  CHECK(counts(99, 16, 5, "b").windows == 20);
  CHECK(counts(8, 16, 4, "b").tokens == 12);
  CHECK(counts(99, 16, 4, "b_stride").windows == 24);
  CHECK(counts(99, 16, 7, "b_stride").tokens == 107);
  CHECK(counts(17, 16, 4, "b_stride").tokens == 28);
  CHECK(counts(99, 16, 4, "c").tokens == 84);
  CHECK(counts(100, 16, 7, "c").windows == 13);
}

TEST_CASE("the sliding evaluator passes its temperature on", "[evaluators]") {
  Listener listener(20, 4);
  make_plugin<Evaluator>("sliding_window", {{"stride", 2.0}, {"temperature", 0.9}})->evaluate(listener);
  CHECK(listener.temperature == 0.9);
}

TEST_CASE("isolated documents share no window, and each position is scored once", "[evaluators]") {
  Values isolated = {{"isolate_documents", true}};
  CHECK(scored("standard", isolated, 11, 4, {2, 8, 9}) ==
        Scored{{0, 0, 1}, {2, 2, 3, 4, 5}, {6, 6, 7}, {8, 8}, {9, 9, 10}});
  isolated.emplace_back("stride", 2.0);
  CHECK(scored("sliding_window", isolated, 11, 4, {0, 7}) ==
        Scored{{0, 0, 1, 2, 3}, {2, 4, 5}, {4, 6}, {7, 7, 8, 9, 10}});
  for (const char* name : {"standard", "sliding_window"})
    CHECK_THROWS_WITH(scored(name, {{"isolate_documents", true}}, 11, 64, {}),
                      Catch::Contains("marks no documents"));
}
