// SPDX-License-Identifier: Apache-2.0
#include "evaluate/score.h"

#include <algorithm>

#include "autograd/thread_tape.h"
#include "base/stopwatch.h"
#include "device/attention.h"

namespace caddie {
namespace {

// Fewer windows than this are not worth a trial.
constexpr int64_t kTrimmedWindows = 8;

// The length that all windows run at: a window that the end of the stream cuts short is padded, since
// techniques may look at the length of a sequence. That of the whole windows, or of a training sequence where
// none is.
int64_t common_length(std::span<const Window> windows, int64_t positions, int64_t sequence_length) {
  int64_t whole = 0, longest = 0;
  for (const Window& w : windows) {
    if (w.start + w.length < positions) whole = std::max(whole, w.length);
    longest = std::max(longest, w.length);
  }
  return std::max(longest, whole > 0 ? whole : sequence_length);
}

}  // namespace

ModelScorer::ModelScorer(Model& model, std::span<const Tensor> weights, std::span<const int32_t> tokens,
                         const Vocabulary& vocabulary, int64_t batch_tokens)
    : model_(model),
      weights_(weights),
      tokens_(tokens),
      vocabulary_(vocabulary),
      batch_tokens_(batch_tokens),
      packed_(weights.size()) {
  check(tokens.size() >= 2, "the validation stream holds {} tokens; at least 2 are needed to predict one",
        tokens.size());
  for (int64_t i = 0; i < positions(); ++i)
    if (tokens[size_t(i)] == vocabulary.begin_id()) document_starts_.push_back(i);
}

Score ModelScorer::score(std::span<const Window> windows, double temperature) {
  Stopwatch clock;
  for (const Window& w : windows)
    check(w.start >= 0 && w.length > 0 && w.start + w.length <= positions() && w.first_scored >= 0 &&
              w.first_scored <= w.length,
          "a window of {} positions from {} on, scored from {}, does not lie in the stream of {}", w.length,
          w.start, w.first_scored, positions());
  int64_t length = common_length(windows, positions(), sequence_length());
  size_t windows_each = size_t(std::max<int64_t>(1, batch_tokens_ / length));
  size_t batches = (windows.size() + windows_each - 1) / windows_each;
  for (PackedLeaf& packed : packed_) packed.forget();
  std::vector<Sum> sums(windows.size());
  bool trim = can_trim(windows, length);
  parallel_for(int(batches), [&](int i) {
    size_t begin = size_t(i) * windows_each, end = std::min(begin + windows_each, windows.size());
    run_batch(windows.subspan(begin, end - begin), length, temperature, trim, sums.data() + begin);
  });
  Score score;
  for (const Sum& sum : sums) {
    score.nats += sum.nats;
    score.tokens += sum.tokens;
    score.bytes += sum.bytes;
  }
  score.windows = int64_t(windows.size());
  score.seconds = clock.seconds();
  return score;
}

bool ModelScorer::can_trim(std::span<const Window> windows, int64_t length) {
  auto gains = [](const Window& w) { return w.first_scored >= kAttentionBlock; };
  if (std::count_if(windows.begin(), windows.end(), gains) < kTrimmedWindows) return false;
  if (!trims_) {
    std::span<const Window> one(&*std::find_if(windows.begin(), windows.end(), gains), 1);
    Sum unused;
    std::vector<float> whole = run_batch(one, length, 1, false, &unused);
    std::vector<float> trimmed = run_batch(one, length, 1, true, &unused);
    trims_ =
        std::equal(whole.begin() + one[0].first_scored, whole.end(), trimmed.begin() + one[0].first_scored);
  }
  return *trims_;
}

std::vector<float> ModelScorer::run_batch(std::span<const Window> windows, int64_t length, double temperature,
                                          bool trim, Sum* sums) const {
  auto rows = int64_t(windows.size());
  std::vector<int32_t> inputs(size_t(rows * length)), targets(size_t(rows * length));
  for (int64_t r = 0; r < rows; ++r) {
    const Window& window = windows[size_t(r)];
    const int32_t* from = tokens_.data() + window.start;
    std::copy_n(from, window.length, inputs.data() + r * length);
    std::copy_n(from + 1, window.length, targets.data() + r * length);
  }
  std::vector<Leaf> leaves = leaves_of(weights_, packed_);
  Tape& tape = thread_tape(model_.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(tape, inputs.data(), rows, length);
  Ids wanted = place_ids(tape, targets.data(), rows, length);
  std::vector<float> nats(size_t(rows * length));
  std::vector<int64_t> first_scored(static_cast<size_t>(rows));
  for (int64_t r = 0; r < rows; ++r) first_scored[size_t(r)] = windows[size_t(r)].first_scored;
  model_.score(ids, wanted, temperature, first_scored, trim, nats.data());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t t = windows[size_t(r)].first_scored; t < windows[size_t(r)].length; ++t) {
      int64_t at = r * length + t;
      sums[r].nats += nats[size_t(at)];
      sums[r].bytes += vocabulary_.bytes(inputs[size_t(at)], targets[size_t(at)]);
      ++sums[r].tokens;
    }
  return nats;
}

}  // namespace caddie
