// SPDX-License-Identifier: Apache-2.0
// Trains two experiments that differ in one plugin, step by step in turn.
#include "laws/cost.h"

#include <fmt/format.h>

#include <iterator>
#include <memory>

#include "autograd/place_ids.h"
#include "base/median.h"
#include "base/stopwatch.h"
#include "laws/samples.h"
#include "train/trainer.h"

namespace caddie {
namespace {

constexpr int64_t kCostRows = 8, kCostLength = 128;
constexpr int kCostVocabulary = 1024;
constexpr int kCostWarmUps = 2, kCostRounds = 15;

/// Returns the changes of the plain experiment that make its steps long enough to be timed.
std::vector<std::string> sizes_to_time() {
  return {message("model.vocabulary = {}", {kCostVocabulary}),
          message("data.sequence_length = {}", {kCostLength}), "model.dim = 128",
          "train.micro_batch_tokens = 512", "train.gradient_accumulators = 2"};
}

Batch batch_to_time() {
  Batch batch{{}, {}, kCostRows, kCostLength};
  Rng rng(1, "tokens");
  for (int64_t i = 0; i < kCostRows * kCostLength; ++i) {
    batch.inputs.push_back(int32_t(rng.below(kCostVocabulary)));
    batch.targets.push_back(int32_t(rng.below(kCostVocabulary)));
  }
  return batch;
}

/// Is one of the two experiments, with a training of it.
class Side {
 public:
  explicit Side(Experiment experiment) : experiment_(std::move(experiment)) {
    Model& model = *experiment_.model;
    model.initialize(experiment_.only<Initializer>(), 1);
    trainer_ = std::make_unique<Trainer>(model, experiment_.optimizers, experiment_.only<Schedule>(),
                                         experiment_.train, experiment_.budget);
    trainer_->multiply_rates_by(experiment_.rate_factors);
    if (experiment_.averager) trainer_->add_averager("main", experiment_.averager->as<Averager>());
  }

  void step(const Batch& batch) {
    Stopwatch clock;
    trainer_->step({&batch, 1});
    seconds_.push_back(clock.seconds());
  }
  double median_seconds() { return median({seconds_.begin() + kCostWarmUps, seconds_.end()}); }
  double parameters() { return double(experiment_.model->weights().parameters()); }

  /// Returns the bytes that the values and gradients of a pass over one sequence take.
  double pass_bytes(const Batch& batch) {
    Model& model = *experiment_.model;
    std::vector<Tensor> gradients;
    std::vector<Leaf> leaves;
    for (const Tensor& value : model.weights().values()) {
      gradients.emplace_back(value.shape());
      leaves.push_back({value, gradients.back().data()});
    }
    Tape tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(leaves, true);
    Ids inputs = place_ids(tape, batch.inputs.data(), 1, kCostLength);
    Ids targets = place_ids(tape, batch.targets.data(), 1, kCostLength);
    model.add_gradients(inputs, targets, Mode::kTrain, {trainer_->progress()}, 1.0f / float(kCostLength));
    return double(tape.used_bytes());
  }

  /// Returns the bytes of the artifact, and adds the seconds that it takes to make.
  double artifact_bytes(double& seconds) {
    StatusLine quiet(true);
    const ExportParts& parts = experiment_.export_parts;
    Model& model = *experiment_.model;
    Stopwatch clock;
    QuantizedModel quantized = quantize_model(parts, model, model.weights().values(), nullptr, 1, quiet);
    WrittenArtifact written =
        write_artifact(parts, model.weights().infos(), std::move(quantized.artifact),
                       experiment_.budget.artifact_bytes, experiment_.budget.code_bytes, quiet);
    seconds = clock.seconds();
    return double(written.bytes.size());
  }

 private:
  Experiment experiment_;
  std::unique_ptr<Trainer> trainer_;
  std::vector<double> seconds_;
};

/// Lets both sides take their steps in turn; who begins changes from round to round.
void take_turns(Side& with, Side& without, const Batch& batch) {
  for (int round = 0; round < kCostWarmUps + kCostRounds; ++round) {
    Side& first = round % 2 ? with : without;
    first.step(batch);
    (&first == &with ? without : with).step(batch);
  }
}

/// Writes a quantity with its unit.
std::string amount(double value, const std::string& unit) {
  if (unit == "s") return fmt::format("{:.2f} ms", value * 1e3);
  return fmt::format("{:.0f}{}", value, unit.empty() ? "" : " " + unit);
}

}  // namespace

std::vector<Cost> costs_of(const Subject& subject) {
  Stage stage = subject.slot().stage;
  if (subject.kind() == Kind::kTextTransform || subject.kind() == Kind::kSampler || stage >= Stage::kEvaluate)
    fail("{}: a {} takes no part in a training step or the artifact; caddie run says what its stage takes",
         subject.name(), subject.slot().name);
  Side with(subject.experiment(sizes_to_time())), without(subject.plain(sizes_to_time()));
  Batch batch = batch_to_time();
  std::vector<Cost> costs;
  if (stage <= Stage::kAverage) {
    take_turns(with, without, batch);
    costs.push_back({"seconds of a training step", "s", with.median_seconds(), without.median_seconds()});
    costs.push_back(
        {"memory of a pass over one sequence", "bytes", with.pass_bytes(batch), without.pass_bytes(batch)});
    costs.push_back({"parameters", "", with.parameters(), without.parameters()});
  }
  Cost seconds{"seconds of the export", "s"}, bytes{"artifact", "bytes"};
  bytes.without = without.artifact_bytes(seconds.without);
  bytes.with = with.artifact_bytes(seconds.with);
  if (stage > Stage::kAverage) costs.push_back(seconds);
  costs.push_back(bytes);
  return costs;
}

Json json_of(const std::vector<Cost>& costs) {
  Json all = Json::array();
  for (const Cost& cost : costs)
    all.push_back({{"name", cost.name}, {"unit", cost.unit}, {"with", cost.with}, {"without", cost.without}});
  return all;
}

std::string text_of(const std::vector<Cost>& costs) {
  std::string text;
  for (const Cost& cost : costs)
    fmt::format_to(std::back_inserter(text), "  {}{:.3f} times the {}: {} with it, {} without\n",
                   &cost == costs.data() ? "costs     " : "          ",
                   cost.without > 0 ? cost.with / cost.without : 0.0, cost.name, amount(cost.with, cost.unit),
                   amount(cost.without, cost.unit));
  return text;
}

}  // namespace caddie
