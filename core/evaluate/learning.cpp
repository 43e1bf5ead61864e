// SPDX-License-Identifier: Apache-2.0
// A mark on each position says whether it may be scored still, and trained on already.
#include "evaluate/learning.h"

#include <caddie/parallel.h>

#include <algorithm>
#include <set>

#include "autograd/thread_tape.h"
#include "model/token_ids.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

// Returns copies of the weights, of which those that only training reads may be undefined.
std::vector<Tensor> copies_of(std::span<const Tensor> weights) {
  std::vector<Tensor> copies;
  for (const Tensor& weight : weights) copies.push_back(weight.defined() ? clone(weight) : Tensor());
  return copies;
}

}  // namespace

ModelLearner::ModelLearner(Model& model, std::span<const Tensor> weights, std::span<const int32_t> tokens,
                           const Vocabulary& vocabulary, int64_t batch_tokens, int accumulators,
                           std::span<const uint16_t> sidecar, std::shared_ptr<const StreamBlends> blends)
    : model_(model),
      tokens_(tokens),
      values_(copies_of(weights)),
      positions_(tokens.size() - 1),
      scorer_(model, values_, tokens, vocabulary, batch_tokens, 1, sidecar, std::move(blends)),
      sum_(model, accumulators, batch_tokens, 0, Mode::kEvaluate),
      sets_(model),
      packed_(weights.size()) {
  for (size_t i = 0; i < values_.size(); ++i) {
    const WeightInfo& info = model.weights().info(int(i));
    if (info.training_only) continue;
    learned_.push_back({&info, values_[i], Tensor()});
    learned_index_.push_back(i);
  }
}

void ModelLearner::call_meanwhile(const std::function<void()>& check) {
  scorer_.call_meanwhile(check);
  meanwhile_ = check;
}

std::span<Weight> ModelLearner::weights() {
  for (PackedLeaf& packed : packed_) packed.forget();
  return learned_;
}

void ModelLearner::mark_scored(const Window& window) {
  for (int64_t at = window.start + window.first_scored; at < window.start + window.length; ++at) {
    check(positions_[size_t(at)] != Position::kTrainedOn,
          "position {} is scored after the model was trained on it; a learner scores first", at);
    positions_[size_t(at)] = Position::kScored;
  }
}

Score ModelLearner::score(std::span<const Window> windows, double temperature) {
  Score score = scorer_.score(windows, temperature);
  for (const Window& window : windows) mark_scored(window);
  return score;
}

void ModelLearner::check_sets(std::span<const AdaptedWindow> windows) {
  std::set<int64_t> seen;
  for (const AdaptedWindow& one : windows) {
    sets_.weights(one.set);
    check(seen.insert(one.set).second, "set {} of an adapter's weights is to score two windows at once",
          one.set);
  }
}

Score ModelLearner::run(const AdaptedWindow& one) {
  const Window& window = one.window;
  std::vector<Leaf> leaves = leaves_of(values_, packed_);
  sets_.append(one.set, one.learns, leaves);
  Tape& tape = thread_tape(model_.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, one.learns);
  Ids ids = place_ids(model_, tape, tokens_.data() + window.start, 1, window.length);
  std::vector<int32_t> host;
  Ids targets = scorer_.place_targets(tape, {&window, 1}, window.length, host);
  std::vector<float> nats(size_t(targets.numel()));
  float seed = 1.0f / float(std::max<int64_t>(1, window.length - window.first_scored));
  model_.score_adapted(ids, targets, sets_.adapter(), window.first_scored, seed, nats.data());
  if (one.learns) sets_.take_gradients(one.set, leaves);
  scorer_.blend({&window, 1}, window.length, nats);
  return scorer_.score_of(window, nats.data());
}

std::vector<Score> ModelLearner::score_adapted(std::span<const AdaptedWindow> windows) {
  check_sets(windows);
  for (const AdaptedWindow& one : windows) {
    scorer_.check_window(one.window);
    mark_scored(one.window);
    sets_.note_use(one.set);
  }
  std::vector<Score> scores(windows.size());
  parallel_for(int(windows.size()), [&](int i) {
    if (meanwhile_) meanwhile_();
    scores[size_t(i)] = run(windows[size_t(i)]);
  });
  for (const auto& [window, set, learns] : windows) {
    if (!learns) continue;
    auto from = positions_.begin() + window.start;
    std::fill(from + window.first_scored, from + window.length, Position::kTrainedOn);
  }
  return scores;
}

bool ModelLearner::has_learned(std::span<const Tensor> given) const {
  if (sets_.have_learned()) return true;
  for (size_t i = 0; i < learned_.size(); ++i)
    if (!same_bits(learned_[i].value, given[learned_index_[i]])) return true;
  return false;
}

void ModelLearner::check_scored(const Passage& row) const {
  int64_t expected = -1;  // the token that goes on from the stretch before
  for (const Stretch& part : row.tokens) {
    check(part.begin >= 0 && part.begin < part.end && part.end <= int64_t(tokens_.size()),
          "tokens {} to {} cannot be trained on; the stream has {}", part.begin, part.end, tokens_.size());
    bool goes_on = part.begin == expected;
    check(expected < 0 || goes_on || std::ranges::binary_search(document_starts(), part.begin),
          "token {} is joined to others, but no document begins there", part.begin);
    int64_t first = goes_on ? part.begin - 1 : part.begin;  // the first position that is predicted from
    for (int64_t at = first; at + 1 < part.end; ++at)
      check(positions_[size_t(at)] != Position::kNew,
            "position {} is trained on before it was scored; a learner scores first", at);
    expected = part.end;
  }
}

Batch ModelLearner::batch_of(std::span<const Passage> rows) const {
  check(!rows.empty(), "no row is given to train on");
  bool cut = std::ranges::any_of(rows, [](const Passage& row) { return !row.cuts.empty(); });
  Batch batch;
  batch.rows = int64_t(rows.size());
  for (const Passage& row : rows) {
    check_scored(row);
    std::vector<int32_t> all;
    for (const Stretch& part : row.tokens)
      all.insert(all.end(), tokens_.begin() + part.begin, tokens_.begin() + part.end);
    int64_t length = int64_t(all.size()) - 1;
    if (batch.length == 0) batch.length = length;
    check(length == batch.length && length > 0, "rows of {} and {} positions; rows have one length",
          batch.length, length);
    batch.inputs.insert(batch.inputs.end(), all.begin(), all.end() - 1);
    batch.targets.insert(batch.targets.end(), all.begin() + 1, all.end());
    for (int64_t at = 0, next = 0, begin = 0; cut && at < length; ++at) {
      if (next < int64_t(row.cuts.size()) && row.cuts[size_t(next)] == at) begin = row.cuts[size_t(next++)];
      batch.documents.push_back(int32_t(begin));
    }
  }
  return batch;
}

double ModelLearner::gradient(std::span<const Passage> rows) {
  if (meanwhile_) meanwhile_();
  Batch batch = batch_of(rows);
  double loss = sum_.run({&batch, 1}, values_, model_.evaluated_at());
  for (size_t i = 0; i < learned_.size(); ++i) learned_[i].gradient = sum_.gradients()[learned_index_[i]];
  for (const Passage& row : rows)
    for (const Stretch& part : row.tokens)
      std::fill(positions_.begin() + part.begin, positions_.begin() + part.end - 1, Position::kTrainedOn);
  return loss;
}

}  // namespace caddie
