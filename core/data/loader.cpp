// SPDX-License-Identifier: Apache-2.0
// Checks the sizes of batches, and draws and reads each micro-batch while the one before it is trained on.
#include "data/loader.h"

#include <caddie/error.h>

#include <algorithm>
#include <optional>

#include "base/at_work.h"
#include "base/exit_code.h"

namespace caddie {
namespace {

/// Reads or writes numbers by their names, as a sampler shows them.
class Numbers final : public Archive {
 public:
  explicit Numbers(Loader::Position& numbers, bool restores) : numbers_(numbers), restores_(restores) {}
  void operator()(const char* name, int64_t& number) override {
    if (restores_)
      number = numbers_.at(name);
    else
      numbers_[name] = number;
  }
  void operator()(const char* name, Tensor&) override { refuse(name); }
  void operator()(const char* name, std::vector<Tensor>&) override { refuse(name); }

 private:
  [[noreturn]] static void refuse(const char* name) {
    fail("{}: where a sampler stands is told in numbers, not in tensors", name);
  }

  Loader::Position& numbers_;
  bool restores_;
};

int64_t tokens_each(const BatchSize& size, int accumulation, int ranks) {
  return size.tokens / (int64_t(ranks) * accumulation);
}

}  // namespace

void check_batch(const BatchSize& size, int accumulation, int ranks) {
  int64_t tokens = tokens_each(size, accumulation, ranks);
  if (tokens > 0 && tokens % size.length == 0) return;
  int64_t unit = size.length * accumulation * ranks;
  int64_t below = size.tokens / unit * unit;
  std::string valid = below > 0 ? std::to_string(below) + " or " : "";
  fail_usage(
      "loader: batch_tokens {} over {} rank(s) and {} micro-step(s) is not a whole number of sequences "
      "of {} tokens; nearest valid batch_tokens: {}{}",
      size.tokens, ranks, accumulation, size.length, valid, below + unit);
}

Loader::Loader(const TokenStream& stream, PluginRef<Sampler> sampler, const Batching& batching)
    : stream_(&stream), sampler_(sampler), batching_(batching), size_(batching.size) {
  const Batching& b = batching;
  check(b.size.length > 0 && b.accumulation > 0,
        "loader: sequence length {} and {} micro-steps; both must be positive", b.size.length,
        b.accumulation);
  check(b.ranks > 0 && b.rank >= 0 && b.rank < b.ranks,
        "loader: rank {} of {}; it must be at least 0 and below the number of ranks", b.rank, b.ranks);
  check(stream.size() > 0, "{}: the shards hold no token to train on", stream.pattern());
  for (const BatchSize& size : sampler_->sizes(b.size)) check_batch(size, b.accumulation, b.ranks);
  restart();
}

/// Returns what one rank gets in one micro-step.
BatchSize Loader::part_of(const BatchSize& size) const {
  return {tokens_each(size, batching_.accumulation, batching_.ranks), size.length};
}

void Loader::begin() {
  sampler_->begin({*stream_, part_of(batching_.size), batching_.ranks, batching_.seed});
}

void Loader::restart() {
  ahead_ = {};
  begin();
  plain_ = true;
  micro_steps_ = 0;
  remember();
}

void Loader::show(Archive& archive) {
  int64_t plain = plain_;
  archive("plain", plain);
  plain_ = plain != 0;
  archive("micro_steps", micro_steps_);
  sampler_->state(archive);
}

void Loader::remember() {
  position_.clear();
  Numbers numbers(position_, false);
  show(numbers);
}

void Loader::return_to(const Position& position) {
  ahead_ = {};
  begin();
  position_ = position;
  Numbers numbers(position_, true);
  show(numbers);
}

// What was drawn ahead is taken back first, so that a checkpoint tells of what was trained on.
void Loader::state(Archive& archive) {
  return_to(Position(position_));
  show(archive);
  remember();
}

std::vector<Batch> Loader::next(const Progress& progress) {
  BatchSize size = sampler_->size(batching_.size, progress);
  if (size != size_) {
    // What is drawn ahead reads the size, and is of the old one.
    if (ahead_.valid()) return_to(Position(position_));
    size_ = size;
  }
  Drawn drawn = ahead_.valid() ? ahead_.get() : draw();
  plain_ = plain_ && continues_plainly(drawn.sequences);
  ++micro_steps_;
  remember();
  // A system that starts no further thread has the next batch read when it is asked for.
  constexpr std::launch kAheadIfPossible = std::launch::async | std::launch::deferred;
  ahead_ = std::async(kAheadIfPossible, [this] { return draw_ahead(); });
  return std::move(drawn.batches);
}

std::vector<Batch> Loader::next_step(const Progress& progress) {
  std::vector<Batch> batches;
  for (int i = 0; i < batching_.accumulation; ++i)
    for (Batch& batch : next(progress)) batches.push_back(std::move(batch));
  return batches;
}

/// Draws on another thread, which alone knows whom to blame for what is thrown there.
Loader::Drawn Loader::draw_ahead() {
  std::optional<Error> told;
  try {
    return draw();
  } catch (const Error& error) {
    told = blamed(error);
  } catch (...) {
    told = Error(text_of(std::current_exception()));
  }
  AtWork::throws_again("");
  throw *told;
}

Loader::Drawn Loader::draw() {
  BatchSize part = part_of(size_);
  Call<Sampler> sampler = sampler_.call();
  Drawn drawn{sampler->next(part), {}};
  // Each rank's sequences come to the tokens of its part.
  std::vector<size_t> ends = {0};
  int64_t tokens = 0;
  for (size_t i = 0; i < drawn.sequences.size(); ++i) {
    const Sequence& sequence = drawn.sequences[i];
    check(sequence.start >= 0 && sequence.length >= 1 && sequence.length <= part.length,
          "it drew a sequence of {} tokens at place {}; wanted are 1 to {} tokens, from place 0 on",
          sequence.length, sequence.start, part.length);
    tokens += drawn.sequences[i].length;
    if (tokens == int64_t(ends.size()) * part.tokens) ends.push_back(i + 1);
  }
  check(ends.size() == size_t(batching_.ranks) + 1 && ends.back() == drawn.sequences.size(),
        "it drew {} tokens; wanted are sequences that come to {} for each of {} ranks", tokens, part.tokens,
        batching_.ranks);
  auto rank = size_t(batching_.rank);
  drawn.batches = read(std::span(drawn.sequences).subspan(ends[rank], ends[rank + 1] - ends[rank]));
  return drawn;
}

/// Reads sequences; those of one length that follow one another make one batch.
std::vector<Batch> Loader::read(std::span<const Sequence> sequences) const {
  std::vector<Batch> batches;
  for (const Sequence& sequence : sequences) {
    if (batches.empty() || batches.back().length != sequence.length) batches.emplace_back();
    append(sequence, batches.back());
  }
  return batches;
}

void Loader::append(const Sequence& sequence, Batch& batch) const {
  std::vector<int32_t> tokens(size_t(sequence.length + 1));
  int64_t from = sequence.start % stream_->size();
  for (int64_t done = 0; done < int64_t(tokens.size()); from = 0) {
    int64_t count = std::min(int64_t(tokens.size()) - done, stream_->size() - from);
    stream_->copy(from, count, tokens.data() + done);
    done += count;
  }
  batch.inputs.insert(batch.inputs.end(), tokens.begin(), tokens.end() - 1);
  batch.targets.insert(batch.targets.end(), tokens.begin() + 1, tokens.end());
  batch.length = sequence.length;
  ++batch.rows;
}

bool Loader::continues_plainly(std::span<const Sequence> sequences) const {
  BatchSize part = part_of(batching_.size);
  int64_t rows = part.tokens / part.length;
  if (int64_t(sequences.size()) != rows * batching_.ranks) return false;
  int64_t first = micro_steps_ * batching_.ranks * (part.tokens + 1);
  for (int64_t i = 0; i < int64_t(sequences.size()); ++i) {
    const Sequence& sequence = sequences[size_t(i)];
    int64_t start = first + i / rows * (part.tokens + 1) + i % rows * part.length;
    if (sequence.length != part.length || (sequence.start - start) % stream_->size() != 0) return false;
  }
  return true;
}

double Loader::tokens_ahead(Progress progress) const {
  constexpr int64_t kSamples = 1000;
  int64_t first = progress.step, steps = std::max<int64_t>(0, progress.steps - first);
  int64_t samples = std::min(steps, kSamples);
  double tokens = 0;
  for (int64_t i = 0; i < samples; ++i) {
    progress.step = first + steps * i / samples;
    tokens += double(sampler_->size(batching_.size, progress).tokens);
  }
  return samples > 0 ? tokens * double(steps) / double(samples) : 0;
}

}  // namespace caddie
