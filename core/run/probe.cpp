// SPDX-License-Identifier: Apache-2.0
// A step takes the median time of several; evaluation is timed on a sample and scaled to all positions.
#include "run/probe.h"

#include <algorithm>

#include "base/median.h"
#include "base/stopwatch.h"
#include "results/provenance.h"

namespace caddie {
namespace {

/// Counts the positions that an evaluator would run through the model, and runs nothing.
class CountingScorer final : public LearningScorer {
 public:
  CountingScorer(int64_t positions, int64_t sequence_length)
      : positions_(positions), sequence_length_(sequence_length) {}
  int64_t positions() const override { return positions_; }
  int64_t sequence_length() const override { return sequence_length_; }
  Score score(std::span<const Window> windows, double) override {
    for (const Window& window : windows) counted += window.length;
    return {1, 1, 1, int64_t(windows.size()), 0};
  }
  std::span<Weight> weights() override { return {}; }
  double gradient(std::span<const Passage> rows) override {
    for (const Passage& row : rows)
      for (const Stretch& part : row.tokens) counted += kPasses * (part.end - part.begin);
    return 1;
  }
  int64_t add_sets(Adapter&, int64_t) override { return 0; }
  void drop_sets(int64_t, int64_t) override {}
  std::span<Weight> set(int64_t) override { return {}; }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override {
    for (const AdaptedWindow& one : windows) counted += (one.learns ? kPasses : 1) * one.window.length;
    return std::vector<Score>(windows.size(), {1, 1, 1, 1, 0});
  }
  int64_t counted = 0;

 private:
  static constexpr int64_t kPasses = 3;  // A backward pass takes about as long as two forward passes.
  int64_t positions_, sequence_length_;
};

/// Takes training steps for about `seconds` and returns the median time of one, without the first. Where
/// steps differ in size, it is that of a step of average size.
double median_step_seconds(Experiment& e, const Corpus& corpus, double seconds) {
  Loader loader = open_loader(e, corpus);
  Trainer trainer(*e.model, e.optimizers, e.only<Schedule>(), e.train, e.budget);
  trainer.multiply_rates_by(e.rate_factors);
  double average = loader.tokens_ahead(trainer.progress()) / double(std::max<int64_t>(1, e.budget.steps));
  std::vector<double> steps;
  Stopwatch clock;
  while (steps.size() < 3 || clock.seconds() < seconds) {
    StepReport report = trainer.step(loader.next_step(trainer.progress()));
    steps.push_back(report.seconds * average / double(report.tokens));
  }
  steps.erase(steps.begin());  // The first step warms up.
  return median(steps);
}

/// Scores some validation text, to see how long that takes, and returns the number of its positions.
int64_t score_sample(const Experiment& e, const ValidationText& text) {
  constexpr int64_t kSample = 16384;  // positions that are enough to see the speed
  int64_t length = e.data.sequence_length, count = 0;
  std::vector<Window> windows;
  for (; count + length <= text.positions() && (count == 0 || count < kSample); count += length)
    windows.push_back({count, length, 0});
  text.scorer(e.model->weights().values()).score(windows, 1);
  return count;
}

/// Returns how many positions a run puts through the model: for raw weights, every average, and the artifact.
int64_t positions_scored(const Experiment& e, int64_t positions) {
  auto of = [&](const Technique& evaluator) {
    CountingScorer counter(positions, e.data.sequence_length);
    evaluator.as<Evaluator>()->evaluate(counter);
    return counter.counted;
  };
  int64_t sum = (1 + int64_t(e.averager.has_value()) + int64_t(e.extra_averagers.size())) *
                of(e.stage_evaluator().technique);
  for (const RoutedEvaluator& evaluator : e.evaluators) sum += of(evaluator.technique);
  return sum;
}

}  // namespace

Speed measure_speed(Experiment& experiment, const Corpus& corpus, double seconds) {
  Model& model = *experiment.model;
  model.initialize(experiment.only<Initializer>(), uint64_t(experiment.seed));
  Speed speed;
  speed.step_seconds = median_step_seconds(experiment, corpus, seconds);
  Stopwatch clock;
  int64_t sampled = score_sample(experiment, corpus.validation());
  double each = clock.seconds() / double(sampled);
  speed.evaluation_seconds = each * double(positions_scored(experiment, corpus.validation().positions()));
  speed.peak_mem_bytes = peak_memory_bytes();
  return speed;
}

}  // namespace caddie
