// SPDX-License-Identifier: Apache-2.0
// Groups windows into batches, shares activations between overlapping ones, and sums their losses.
#include "evaluate/score.h"

#include <caddie/parallel.h>

#include <algorithm>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "base/stopwatch.h"
#include "device/attention.h"
#include "evaluate/learning.h"
#include "model/token_ids.h"

namespace caddie {
namespace {

// For fewer windows than this, trying whether the last layer can be trimmed costs more than it saves.
constexpr int64_t kTrimmedWindows = 8;

// At most kSharers windows share their first activations. Sharing is tried on one in kGroupsATrial such
// groups, but on hardly more than kTrials of them.
constexpr size_t kSharers = 16, kGroupsATrial = 8, kTrials = 4;

// The first positions of a window may differ from the shared ones because nothing lies before them. These are
// more positions than techniques look back.
constexpr int64_t kFirstPositions = 16;

// Returns the length that all windows run at: that of the whole windows, or of a training sequence where no
// window is whole. A window that the end of the stream cuts short is padded, since techniques may look at the
// length of a sequence.
int64_t common_length(std::span<const Window> windows, int64_t positions, int64_t sequence_length) {
  int64_t whole = 0, longest = 0;
  for (const Window& w : windows) {
    if (w.start + w.length < positions) whole = std::max(whole, w.length);
    longest = std::max(longest, w.length);
  }
  return std::max(longest, whole > 0 ? whole : sequence_length);
}

// Returns whether b starts in the first half of a and both are whole, so that they can share what they
// compute.
bool overlap(const Window& a, const Window& b, int64_t length) {
  return a.start < b.start && b.start - a.start <= length / 2 && a.length == length && b.length == length;
}

// Returns whether the windows of a group overlap, as groups_of() makes them.
bool shares(std::span<const Window> group, int64_t length) {
  return group.size() > 1 && overlap(group[0], group[1], length);
}

// Returns how many windows share their first activations when `count` are to keep all threads busy to the
// end.
size_t sharers(size_t count) {
  auto divided = [](size_t a, size_t b) { return (a + b - 1) / b; };
  size_t of_thread = divided(count, size_t(thread_count()));
  return divided(of_thread, divided(of_thread, kSharers));
}

// Returns the windows in the groups that threads take, in order: some that overlap, where they may share,
// else up to `batch`.
std::vector<std::span<const Window>> groups_of(std::span<const Window> windows, int64_t length, size_t batch,
                                               bool share) {
  std::vector<std::span<const Window>> groups;
  size_t sharing = sharers(windows.size());
  for (size_t begin = 0, end = 0; begin < windows.size(); begin = end) {
    bool chain = share && shares(windows.subspan(begin), length);
    size_t most = std::min(windows.size(), begin + (chain ? sharing : batch));
    end = begin + 1;
    while (end < most && (share && overlap(windows[end - 1], windows[end], length)) == chain) ++end;
    groups.push_back(windows.subspan(begin, end - begin));
  }
  return groups;
}

// Returns the tokens at the windows' positions, [windows, length]; what is behind a shorter window is 0.
std::vector<int32_t> padded(std::span<const Window> windows, int64_t length,
                            std::span<const int32_t> tokens) {
  std::vector<int32_t> rows(windows.size() * size_t(length));
  for (size_t r = 0; r < windows.size(); ++r)
    std::copy_n(tokens.data() + windows[r].start, windows[r].length, rows.data() + int64_t(r) * length);
  return rows;
}

}  // namespace

ModelScorer::ModelScorer(Model& model, std::span<const Tensor> weights, std::span<const int32_t> tokens,
                         const Vocabulary& vocabulary, int64_t batch_tokens, int accumulators,
                         std::span<const uint16_t> sidecar, std::shared_ptr<const StreamBlends> blends)
    : model_(model),
      weights_(weights),
      tokens_(tokens),
      vocabulary_(vocabulary),
      batch_tokens_(batch_tokens),
      sidecar_(sidecar),
      packed_(weights.size()),
      blends_(std::move(blends)),
      accumulators_(accumulators) {
  check(tokens.size() >= 2, "the validation stream holds {} tokens; at least 2 are needed to predict one",
        tokens.size());
  check(sidecar.empty() || sidecar.size() == tokens.size(),
        "the sidecar counts the bytes of {} tokens; the validation stream holds {}", sidecar.size(),
        tokens.size());
  for (int64_t i = 0; i < positions(); ++i)
    if (tokens[size_t(i)] == vocabulary.begin_id()) document_starts_.push_back(i);
}

ModelScorer::~ModelScorer() = default;

LearningScorer& ModelScorer::learning() {
  if (!learner_) {
    learner_ = std::make_unique<ModelLearner>(model_, weights_, tokens_, vocabulary_, batch_tokens_,
                                              accumulators_, sidecar_, blends_);
    learner_->call_meanwhile(meanwhile_);
  }
  return *learner_;
}

std::optional<bool> ModelScorer::learned() const {
  return learner_ ? std::optional(learner_->has_learned(weights_)) : std::nullopt;
}

Score ModelScorer::score(std::span<const Window> windows, double temperature) {
  Stopwatch clock;
  Score total;
  for (const Score& score : score_each(windows, temperature)) total.add(score);
  total.seconds = clock.seconds();
  return total;
}

void ModelScorer::check_window(const Window& w) const {
  check(w.start >= 0 && w.length > 0 && w.start + w.length <= positions() && w.first_scored >= 0 &&
            w.first_scored <= w.length,
        "a window of {} positions from {} on, scored from {}, does not lie in the stream of {}", w.length,
        w.start, w.first_scored, positions());
}

std::vector<Score> ModelScorer::score_each(std::span<const Window> windows, double temperature) {
  for (const Window& window : windows) check_window(window);
  int64_t length = common_length(windows, positions(), sequence_length());
  for (PackedLeaf& packed : packed_) packed.forget();
  ScoringMode mode = {length, temperature, can_trim(windows, length)};
  auto batch = size_t(std::max<int64_t>(1, batch_tokens_ / length));
  std::vector<std::span<const Window>> groups = groups_of(windows, length, batch, true);
  bool share = can_share(groups, length);
  if (!share) groups = groups_of(windows, length, batch, false);
  std::vector<Score> scores(windows.size());
  parallel_for(int(groups.size()), [&](int i) {
    if (meanwhile_) meanwhile_();
    std::span<const Window> group = groups[size_t(i)];
    Score* to = scores.data() + (group.data() - windows.data());
    if (share && shares(group, length))
      run_sharing(group, mode, to);
    else
      run_batch(group, mode, to);
  });
  return scores;
}

bool ModelScorer::can_trim(std::span<const Window> windows, int64_t length) {
  auto gains = [](const Window& w) { return w.first_scored >= kAttentionBlock; };
  if (std::count_if(windows.begin(), windows.end(), gains) < kTrimmedWindows) return false;
  if (!trims_) {
    std::span<const Window> one(&*std::find_if(windows.begin(), windows.end(), gains), 1);
    std::vector<float> whole = losses_of(one, {length});
    std::vector<float> trimmed = losses_of(one, {length, 1, true});
    trims_ =
        std::equal(whole.begin() + one[0].first_scored, whole.end(), trimmed.begin() + one[0].first_scored);
  }
  return *trims_;
}

bool ModelScorer::can_share(std::vector<std::span<const Window>> groups, int64_t length) const {
  if (model_.weights().device() != Device::kCpu) return false;
  std::erase_if(groups, [&](auto group) { return !shares(group, length); });
  for (size_t i = 0; i < groups.size(); i += std::max(kGroupsATrial, groups.size() / kTrials)) {
    const Window &first = groups[i].front(), &last = groups[i].back();
    SharedActivations whole = activations_of(first.start, last.start + length - first.start);
    if (!whole.defined() ||
        !same_bits(own_activations(last, whole, first.start), activations_of(last.start, length)))
      return false;
  }
  return !groups.empty();
}

SharedActivations ModelScorer::activations_of(int64_t start, int64_t length) const {
  std::vector<Leaf> leaves = leaves_of(weights_, packed_);
  Tape& tape = thread_tape(model_.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  return model_.shared_activations(place_ids(model_, tape, tokens_.data() + start, 1, length));
}

SharedActivations ModelScorer::own_activations(const Window& window, const SharedActivations& whole,
                                               int64_t whole_start) const {
  SharedActivations own = whole.rows(window.start - whole_start, window.length);
  int64_t anew = std::min(kFirstPositions, window.length);
  copy(activations_of(window.start, anew), own.rows(0, anew));
  return own;
}

void ModelScorer::run_sharing(std::span<const Window> windows, const ScoringMode& mode, Score* scores) const {
  int64_t start = windows.front().start;
  SharedActivations whole = activations_of(start, windows.back().start + mode.length - start);
  for (size_t i = 0; i < windows.size(); ++i) {
    SharedActivations own = own_activations(windows[i], whole, start);
    run_batch(windows.subspan(i, 1), mode, scores + i, &own);
  }
}

std::vector<float> ModelScorer::losses_of(std::span<const Window> windows, const ScoringMode& mode,
                                          const SharedActivations* shared) const {
  int64_t length = mode.length;
  auto rows = int64_t(windows.size());
  std::vector<int32_t> inputs = padded(windows, length, tokens_);
  std::vector<int32_t> targets;
  std::vector<Leaf> leaves = leaves_of(weights_, packed_);
  Tape& tape = thread_tape(model_.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(model_, tape, inputs.data(), rows, length);
  Ids wanted = place_targets(tape, windows, length, targets);
  std::vector<float> nats(size_t(wanted.numel()));
  std::vector<int64_t> first_scored;
  for (const Window& window : windows) first_scored.push_back(window.first_scored);
  model_.score(ids, wanted, mode.temperature, first_scored, mode.trim, nats.data(), shared);
  blend(windows, length, nats);
  return nats;
}

Ids ModelScorer::place_targets(Tape& tape, std::span<const Window> windows, int64_t length,
                               std::vector<int32_t>& host) const {
  auto rows = int64_t(windows.size());
  host = padded(windows, length, tokens_.subspan(1));
  Ids targets = place_ids(model_, tape, host.data(), rows, length);
  if (!blends_ || blends_->width() == 0) return targets;
  std::vector<int32_t> guessed = blends_->guessed(windows, length);
  host.insert(host.end(), guessed.begin(), guessed.end());
  return caddie::place_ids(tape, host.data(), rows * (1 + blends_->width()), length);
}

void ModelScorer::blend(std::span<const Window> windows, int64_t length, std::vector<float>& nats) const {
  int64_t set = int64_t(windows.size()) * length;
  if (int64_t(nats.size()) == set) return;
  for (size_t i = 0; i < windows.size(); ++i)
    blends_->mix(windows[i], nats.data() + int64_t(i) * length, set);
  nats.resize(size_t(set));
}

Score ModelScorer::score_of(const Window& window, const float* nats) const {
  Score score;
  score.windows = 1;
  const int32_t* token = tokens_.data() + window.start;
  for (int64_t t = window.first_scored; t < window.length; ++t) {
    score.nats += nats[t];
    score.bytes +=
        sidecar_.empty() ? vocabulary_.bytes(token[t], token[t + 1]) : sidecar_[size_t(window.start + t + 1)];
    ++score.tokens;
  }
  return score;
}

void ModelScorer::run_batch(std::span<const Window> windows, const ScoringMode& mode, Score* scores,
                            const SharedActivations* shared) const {
  std::vector<float> nats = losses_of(windows, mode, shared);
  for (size_t i = 0; i < windows.size(); ++i)
    scores[i] = score_of(windows[i], nats.data() + int64_t(i) * mode.length);
}

}  // namespace caddie
