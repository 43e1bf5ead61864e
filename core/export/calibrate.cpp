// SPDX-License-Identifier: Apache-2.0
// Samples calibration text from the model, and sums the second moments of the inputs of its linears.
#include "export/calibrate.h"

#include <caddie/linalg.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>

#include "autograd/thread_tape.h"
#include "model/token_ids.h"

namespace caddie {
namespace {

constexpr int64_t kRowsTogether = 8;  // So many sequences are sampled as one batch.
constexpr double kSmallestMean = 1e-6;

/// Counts up on any thread and tells the progress function.
class Counter {
 public:
  Counter(std::string_view what, int64_t all, const CalibrationProgress& progress)
      : what_(what), all_(all), progress_(progress) {}
  void add(int64_t count) {
    if (!progress_) return;
    std::lock_guard lock(mutex_);
    progress_(what_, done_ += count, all_);
  }

 private:
  std::string_view what_;
  int64_t done_ = 0, all_;
  const CalibrationProgress& progress_;
  std::mutex mutex_;
};

/// Holds a model whose weights stay as they are, laid out once for all passes.
struct FixedModel {
  Model& model;
  std::span<const Tensor> weights;
  std::vector<PackedLeaf> packed = std::vector<PackedLeaf>(weights.size());

  std::vector<Leaf> leaves() { return leaves_of(weights, packed); }
};

/// Returns a token drawn from softmax(logits / temperature).
int32_t draw(std::span<const float> logits, double temperature, Rng& rng) {
  double largest = double(*std::max_element(logits.begin(), logits.end()));
  std::vector<double> sums;
  double sum = 0;
  for (float logit : logits) sums.push_back(sum += std::exp((double(logit) - largest) / temperature));
  auto chosen = std::upper_bound(sums.begin(), sums.end() - 1, rng.uniform() * sum);
  return int32_t(chosen - sums.begin());
}

/// Fills the sequences [begin, end) of the text.
void sample(FixedModel& fixed, double temperature, uint64_t seed, int64_t begin, int64_t end,
            CalibrationText& text, Counter& counter) {
  Model& model = fixed.model;
  int64_t rows = end - begin, vocabulary = model.shape().vocabulary;
  std::vector<Rng> streams;
  std::vector<std::vector<int32_t>> sequences;
  for (int64_t s = begin; s < end; ++s) {
    streams.emplace_back(seed, "calibration/" + std::to_string(s));
    sequences.push_back({int32_t(streams.back().below(uint64_t(vocabulary)))});
  }
  std::vector<Leaf> leaves = fixed.leaves();
  Tape& tape = thread_tape(model.weights().device());
  Tape::Scope scope(tape);
  for (int64_t length = 1; length < text.length; ++length) {
    std::vector<int32_t> so_far;
    for (const auto& sequence : sequences) so_far.insert(so_far.end(), sequence.begin(), sequence.end());
    tape.start(leaves, false);
    Ids ids = place_ids(model, tape, so_far.data(), rows, length);
    Tensor logits = on_host(model.logits(ids, Mode::kEvaluate, Progress()).value());
    for (int64_t r = 0; r < rows; ++r) {
      std::span<const float> last(logits.data() + ((r + 1) * length - 1) * vocabulary, size_t(vocabulary));
      sequences[size_t(r)].push_back(draw(last, temperature, streams[size_t(r)]));
    }
    counter.add(rows);
  }
  for (int64_t r = 0; r < rows; ++r)
    std::copy(sequences[size_t(r)].begin(), sequences[size_t(r)].end(),
              text.tokens.begin() + (begin + r) * text.length);
}

/// Adds x^T x to `sum`, for x [.., in].
void add_moments(const Tensor& x, const Tensor& sum) {
  Tensor rows = x.reshaped({x.shape().rows(), x.shape().last()});
  Tensor columns({rows.shape()[1], rows.shape()[0]}, x.device());
  transpose(rows, columns);
  multiply_by_own_transpose(columns, sum, 1, 1);
}

/// Sums x x^T over the inputs of the linears of some passes, for each weight. With `share`, weights that read
/// the same values share a sum; mixed() says afterwards whether some of them did so in some passes only.
class Moments final : public LinearObserver {
 public:
  Moments(size_t weights, std::span<const int> wanted, bool share)
      : sums_(weights), rows_(weights), borrowed_(weights), wanted_(weights), share_(share) {
    for (int weight : wanted) wanted_[size_t(weight)] = true;
  }
  void forget() override { readers_.clear(); }
  void see(int leaf, const Tensor& x) override {
    auto weight = size_t(leaf);
    if (!wanted_[weight]) return;
    rows_[weight] += x.shape().rows();
    auto [reader, first] = readers_.emplace(x.data(), weight);
    Tensor& sum = sums_[weight];
    const Tensor& other = sums_[reader->second];
    if (share_ && !first && (!sum.defined() || sum.data() == other.data())) {
      borrowed_[weight] = sum.data() != other.data() || borrowed_[weight];
      sum = other;
      return;
    }
    mixed_ |= borrowed_[weight];
    if (!sum.defined()) sum = Tensor({x.shape().last(), x.shape().last()}, x.device());
    add_moments(x, sum);
  }
  const std::vector<Tensor>& sums() const { return sums_; }
  /// Returns how many inputs x were summed for a weight.
  int64_t rows(size_t weight) const { return rows_[weight]; }
  /// Returns whether a sum was shared that should not have been.
  bool mixed() const { return mixed_; }

 private:
  std::vector<Tensor> sums_;
  std::vector<int64_t> rows_;
  std::vector<bool> borrowed_, wanted_;     // Both are indexed by weight.
  std::map<const float*, size_t> readers_;  // maps the memory of a value to the first weight that read it
  bool share_, mixed_ = false;
};

/// Returns the sum of all accumulators.
Tensor sum_of(std::span<const Moments> accumulators, size_t weight) {
  Tensor sum = clone(on_host(accumulators[0].sums()[weight]));
  for (size_t accumulator = 1; accumulator < accumulators.size(); ++accumulator) {
    Tensor other = on_host(accumulators[accumulator].sums()[weight]);
    for (int64_t i = 0; i < sum.numel(); ++i) sum.data()[i] += other.data()[i];
  }
  return sum;
}

/// Returns the root mean square of each input from a sum over x x^T.
Tensor rms_of(const Tensor& sum, std::span<const Moments> accumulators, size_t weight) {
  int64_t in = sum.shape()[0], rows = 0;
  for (const Moments& accumulator : accumulators) rows += accumulator.rows(weight);
  Tensor rms({in});
  for (int64_t i = 0; i < in; ++i)
    rms.data()[i] = float(std::sqrt(double(sum.data()[i * in + i]) / double(std::max<int64_t>(rows, 1))));
  return rms;
}

/// Divides a sum by the number of sequences and damps it, in place.
void finish(const Tensor& sum, double sequences, double damp) {
  int64_t in = sum.shape()[0];
  float* h = sum.data();
  double mean = 0;
  for (int64_t i = 0; i < in * in; ++i) h[i] = float(double(h[i]) / sequences);
  for (int64_t i = 0; i < in; ++i) mean += double(h[i * in + i]) / double(in);
  auto raise = float(damp * std::max(mean, kSmallestMean));
  for (int64_t i = 0; i < in; ++i) h[i * in + i] += raise;
}

/// Adds sequence s to accumulator s % accumulators. One thread works through an accumulator, in order.
std::vector<Moments> run_accumulators(FixedModel& fixed, const CalibrationText& text,
                                      std::span<const int> wanted, int64_t most, bool share,
                                      const CalibrationProgress& progress) {
  Counter counter("calibrating", text.sequences(), progress);
  std::vector<Moments> accumulators(size_t(std::min(most, text.sequences())),
                                    Moments(fixed.weights.size(), wanted, share));
  parallel_for(int(accumulators.size()), [&](int accumulator) {
    std::vector<Leaf> leaves = fixed.leaves();
    Tape& tape = thread_tape(fixed.model.weights().device());
    Tape::Scope scope(tape);
    for (int64_t s = accumulator; s < text.sequences(); s += int64_t(accumulators.size())) {
      tape.start(leaves, false, &accumulators[size_t(accumulator)]);
      Ids ids = place_ids(fixed.model, tape, text.tokens.data() + s * text.length, 1, text.length - 1);
      fixed.model.logits(ids, Mode::kEvaluate, Progress());
      counter.add(1);
    }
    tape.start({}, false);
  });
  return accumulators;
}

}  // namespace

void CalibrationSettings::settings(Settings& s) {
  s("text", text, "what runs through the model: text that it writes itself, or training text",
    one_of("sampled", "training"));
  s("sequences", sequences, "sequences of calibration text", between(1, 1 << 20));
  s("length", length, "tokens of a sequence; 0: one training sequence", between(0, 1 << 20));
  s("temperature", temperature, "what the logits are divided by when the model writes", between(0.01, 100));
  s("damp", damp, "share of the mean of the second moments' diagonal that is added to it", between(0, 1));
  s("accumulators", accumulators, "sequences summed side by side; more use more threads and memory",
    between(1, 256));
}

int64_t calibration_length(const CalibrationSettings& settings, int64_t sequence_length,
                           int64_t text_tokens) {
  int64_t length = settings.length > 0 ? settings.length : sequence_length;
  check(length >= 2, "sequences of {} token leave nothing to read before their last one; take 2 or more",
        length);
  check(text_tokens == 0 || length <= text_tokens,
        "a sequence of {} tokens is longer than the training text, which has {}; take shorter ones", length,
        text_tokens);
  return length;
}

CalibrationText sample_text(Model& model, std::span<const Tensor> weights,
                            const CalibrationSettings& settings, uint64_t seed,
                            const CalibrationProgress& progress) {
  int64_t length = calibration_length(settings, model.shape().sequence_length, 0);
  CalibrationText text{std::vector<int32_t>(size_t(settings.sequences * length)), length};
  Counter counter("writing calibration text", settings.sequences * (length - 1), progress);
  FixedModel fixed{model, weights};
  int64_t groups = (settings.sequences + kRowsTogether - 1) / kRowsTogether;
  parallel_for(int(groups), [&](int g) {
    int64_t begin = g * kRowsTogether, end = std::min(begin + kRowsTogether, settings.sequences);
    sample(fixed, settings.temperature, seed, begin, end, text, counter);
  });
  return text;
}

CalibrationText text_from(const TokenStream& stream, const CalibrationSettings& settings,
                          int64_t sequence_length) {
  int64_t length = calibration_length(settings, sequence_length, stream.size());
  CalibrationText text{std::vector<int32_t>(size_t(settings.sequences * length)), length};
  for (int64_t s = 0; s < settings.sequences; ++s)
    stream.copy((stream.size() - length) * s / settings.sequences, length, text.tokens.data() + s * length);
  return text;
}

Calibration collect_hessians(Model& model, std::span<const Tensor> weights, const CalibrationText& text,
                             std::span<const int> wanted, const CalibrationSettings& settings,
                             const CalibrationProgress& progress) {
  FixedModel fixed{model, weights};
  std::vector<Moments> accumulators =
      run_accumulators(fixed, text, wanted, settings.accumulators, true, progress);
  if (std::any_of(accumulators.begin(), accumulators.end(),
                  [](const Moments& accumulator) { return accumulator.mixed(); }))
    accumulators = run_accumulators(fixed, text, wanted, settings.accumulators, false, progress);
  Calibration found = {std::vector<Tensor>(weights.size()), std::vector<Tensor>(weights.size())};
  // Maps the sums of a weight to the first weight that has them, because weights that share sums share
  // results.
  std::map<std::vector<const float*>, size_t> finished;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!accumulators[0].sums()[i].defined()) continue;
    std::vector<const float*> sums;
    for (const Moments& accumulator : accumulators) sums.push_back(accumulator.sums()[i].data());
    auto [known, first] = finished.emplace(std::move(sums), i);
    if (first) {
      found.hessians[i] = sum_of(accumulators, i);
      found.input_rms[i] = rms_of(found.hessians[i], accumulators, i);
      finish(found.hessians[i], double(text.sequences()), settings.damp);
    } else {
      found.hessians[i] = found.hessians[known->second];
      found.input_rms[i] = found.input_rms[known->second];
    }
  }
  return found;
}

}  // namespace caddie
