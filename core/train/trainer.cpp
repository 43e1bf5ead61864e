// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <utility>

#include "train/checkpoint.h"

namespace caddie {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Seconds as bits: a resumed wall-clock schedule continues from exactly the same number.
void archive_bits(Archive& archive, const char* name, double& number) {
  int64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  archive(name, bits);
  std::memcpy(&number, &bits, sizeof bits);
}

struct ScaleBy {
  float* x;
  float factor;
  CADDIE_FN void operator()(int64_t i) const { x[i] *= factor; }
};

}  // namespace

void TrainSettings::settings(Settings& s) {
  s("micro_batch_tokens", micro_batch_tokens, "tokens that one thread carries forward and backward at once",
    at_least(1));
  s("lanes", lanes,
    "gradient sums kept side by side; more threads than lanes have nothing to do, and results depend "
    "on this number but never on the threads",
    between(1, 256));
  s("accumulation", accumulation, "micro-steps of the loader in one optimizer step (upstream: 8 / ranks)",
    between(1, 4096));
  s("clip_norm", clip_norm, "largest global norm of the gradient; 0 leaves it as it is", at_least(0));
  s("validate_every", validate_every, "steps between validations during training; 0 for none", at_least(0));
  s("checkpoint_seconds", checkpoint_seconds, "seconds between checkpoints; 0 for none", at_least(0));
  s("prime_steps", prime_steps,
    "steps taken before training at full rate, after which weights start over; they only leave a trace in "
    "prime_keeps",
    at_least(0));
  s("prime_keeps", prime_keeps, "optimizers whose state survives priming");
  s("select_on_validation", select_on_validation,
    "export the average, or the raw weights, that score best on the validation text, which is then no longer "
    "held out");
}

void Budget::settings(Settings& s) {
  s("steps", steps, "optimizer steps at most", at_least(0));
  s("seconds", seconds,
    "training time at most, validation excluded; 0 for no limit. Results then depend on speed", at_least(0));
  s("artifact_bytes", artifact_bytes, "largest artifact, code included", at_least(1));
  s("code_bytes", code_bytes, "bytes counted for code beside the compressed weights", at_least(0));
}

Trainer::Trainer(Model& model, std::vector<Routed>& optimizers, Schedule& schedule, Averager* averager,
                 const TrainSettings& settings, const Budget& budget, Comm* comm)
    : model_(model),
      optimizers_(optimizers),
      schedule_(schedule),
      averager_(averager),
      comm_(comm && comm->size() > 1 ? comm : nullptr),
      settings_(settings),
      views_(model),
      gradient_(model, settings.lanes, settings.micro_batch_tokens),
      reached_({model.weights().size()}) {
  progress_.steps = budget.steps;
  progress_.budget_seconds = budget.seconds;
  if (averager_) averager_->update(live_weights(), progress_);
}

bool Trainer::finished() const {
  bool out_of_time = progress_.budget_seconds > 0 && progress_.seconds >= progress_.budget_seconds;
  return progress_.step >= progress_.steps || out_of_time;
}

std::vector<Weight> Trainer::live_weights() const {
  const WeightTable& table = model_.weights();
  std::vector<Weight> weights;
  for (int i = 0; i < table.size(); ++i) weights.push_back({&table.info(i), table.value(i), {}});
  return weights;
}

StepReport Trainer::step(std::span<const Batch> batches) {
  auto start = Clock::now();
  progress_.scale = schedule_.scale(progress_);
  StepReport report = advance(batches);
  auto averaging = Clock::now();
  ++progress_.step;
  if (averager_) averager_->update(live_weights(), progress_);
  double riding = 0;
  for (auto& [name, rider] : riders_) {
    auto begin = Clock::now();
    rider.averager->update(live_weights(), progress_);
    double seconds = seconds_since(begin);
    rider.seconds += seconds;
    riding += seconds;
  }
  report.phases.average = seconds_since(averaging);
  report.seconds = seconds_since(start) - (progress_.budget_seconds > 0 ? 0 : riding);
  if (comm_) report.seconds = comm_->all_reduce(report.seconds) / comm_->size();  // one clock for all ranks
  progress_.seconds += report.seconds;
  return report;
}

void Trainer::prime(std::span<const Batch> batches) {
  progress_.scale = 1;
  advance(batches);
}

StepReport Trainer::advance(std::span<const Batch> batches) {
  auto last = Clock::now();
  auto lap = [&last] {
    auto start = std::exchange(last, Clock::now());
    return std::chrono::duration<double>(last - start).count();
  };
  StepReport report;
  report.scale = progress_.scale;
  views_.refresh(progress_, Mode::kTrain, true);
  report.phases.views = lap();
  report.loss = gradient_.run(batches, views_.values(), progress_);
  views_.pull(gradient_.gradients());
  if (comm_) report.loss = mean_over_ranks(gradient_.gradients(), report.loss);
  check(std::isfinite(report.loss), "step {}: the loss is {}; lower the learning rates or clip the gradient",
        progress_.step, report.loss);
  note_reached(gradient_.gradients());
  report.phases.gradient = lap();
  report.gradient_norm = clip(gradient_.gradients());
  report.phases.clip = lap();
  update(gradient_.gradients());
  report.phases.update = lap();
  for (const Batch& batch : batches) report.tokens += batch.rows * batch.length;
  if (comm_) report.tokens *= comm_->size();
  return report;
}

void Trainer::note_reached(std::span<const Tensor> gradients) {
  for (size_t i = 0; i < gradients.size(); ++i)
    if (reached_.data()[i] == 0 && gradients[i].defined() && squared_norm(gradients[i]) > 0)
      reached_.data()[i] = 1;
}

/// The ranks see equal parts of a batch, so the mean of their means is the mean.
double Trainer::mean_over_ranks(std::span<Tensor> gradients, double loss) {
  for (Tensor& gradient : gradients) {
    if (!gradient.defined()) continue;
    comm_->all_reduce(gradient.data(), gradient.numel());
    for_each(gradient.device(), gradient.numel(), ScaleBy{gradient.data(), 1.0f / float(comm_->size())});
  }
  return comm_->all_reduce(loss) / comm_->size();
}

double Trainer::clip(std::span<Tensor> gradients) {
  std::vector<double> squares(gradients.size());
  parallel_for(int(gradients.size()), [&](int i) {
    if (gradients[size_t(i)].defined()) squares[size_t(i)] = squared_norm(gradients[size_t(i)]);
  });
  double sum = 0;
  for (double square : squares) sum += square;
  double norm = std::sqrt(sum);
  double factor = settings_.clip_norm / (norm + 1e-6);
  if (settings_.clip_norm > 0 && factor < 1)
    for (Tensor& gradient : gradients)
      if (gradient.defined())
        for_each(gradient.device(), gradient.numel(), ScaleBy{gradient.data(), float(factor)});
  return norm;
}

void Trainer::update(std::span<Tensor> gradients) {
  const WeightTable& table = model_.weights();
  for (Routed& optimizer : optimizers_) {
    std::vector<Weight> weights;
    for (int i : optimizer.weights) weights.push_back({&table.info(i), table.value(i), gradients[size_t(i)]});
    optimizer.technique.calls->in[size_t(Mode::kTrain)].fetch_add(1, std::memory_order_relaxed);
    optimizer.technique.as<Optimizer>().step(weights, progress_);
  }
}

std::vector<Tensor> Trainer::averaged() const {
  if (averager_) return average_of(*averager_);
  std::span<const Tensor> live = model_.weights().values();
  return {live.begin(), live.end()};
}

std::vector<Tensor> Trainer::averaged_by(const std::string& rider) const {
  return average_of(*riders_.at(rider).averager);
}

std::vector<Tensor> Trainer::average_of(const Averager& averager) const {
  std::span<const Tensor> average = averager.average();
  if (average.empty()) average = model_.weights().values();
  return {average.begin(), average.end()};
}

void Trainer::ride(std::string name, Averager& averager) {
  averager.update(live_weights(), progress_);
  riders_.emplace(std::move(name), Rider{&averager});
}

void Trainer::weights_state(Archive& archive) {
  for (int i = 0; i < model_.weights().size(); ++i) {
    Tensor value = model_.weights().value(i);
    archive(("weights." + model_.weights().info(i).name).c_str(), value);
  }
}

void Trainer::primed_state(Archive& archive, std::span<const std::string> keeps) {
  weights_state(archive);
  for (Routed& optimizer : optimizers_) {
    const std::string& label = optimizer.technique.label;
    if (std::find(keeps.begin(), keeps.end(), label) != keeps.end()) continue;
    PrefixedArchive own(archive, "optimizers." + label + ".");
    optimizer.technique.object->state(own);
  }
}

void Trainer::state(Archive& archive) {
  primed_state(archive, {});
  archive("reached", reached_);
  archive("progress.step", progress_.step);
  archive_bits(archive, "progress.seconds", progress_.seconds);
  if (averager_) {
    PrefixedArchive own(archive, "averager.");
    averager_->state(own);
  }
  for (auto& [name, rider] : riders_) {
    PrefixedArchive own(archive, "averagers." + name + ".");
    rider.averager->state(own);
    archive_bits(archive, ("averagers." + name + ".seconds").c_str(), rider.seconds);
  }
}

}  // namespace caddie
