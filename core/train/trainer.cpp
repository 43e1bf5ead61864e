// SPDX-License-Identifier: Apache-2.0
// Declares the settings of a training, and takes its steps.
#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/heartbeat.h"
#include "base/stopwatch.h"
#include "train/checkpoint.h"

namespace caddie {
namespace {

// An all_reduce takes in further tensors until it has so many floats.
constexpr int64_t kMostTogether = 1 << 22;

struct ScaleBy {
  float* x;
  float factor;
  CADDIE_FN void operator()(int64_t i) const { x[i] *= factor; }
};

/// Returns the square of the norm of each gradient; 0 where there is none.
std::vector<double> squared_norms(std::span<const Tensor> gradients) {
  std::vector<double> squares(gradients.size());
  parallel_for(int(gradients.size()), [&](int i) {
    if (gradients[size_t(i)].defined()) squares[size_t(i)] = squared_norm(gradients[size_t(i)]);
  });
  return squares;
}

}  // namespace

void TrainSettings::settings(Settings& s) {
  s("micro_batch_tokens", micro_batch_tokens, "tokens that one thread carries forward and backward at once",
    at_least(1));
  s("gradient_accumulators", gradient_accumulators,
    "gradients summed side by side; more threads than these have nothing to do, and results depend "
    "on this number but never on the threads",
    between(1, 256));
  s("accumulation", accumulation,
    "micro-steps of the loader in one optimizer step; Parameter Golf's code takes 8 / ranks",
    between(1, 4096));
  s("clip_norm", clip_norm, "largest global norm of the gradient; 0 leaves it as it is", at_least(0));
  s("validate_every", validate_every, "steps between validations during training; 0 for none", at_least(0),
    Stage::kReport);
  s("checkpoint_seconds", checkpoint_seconds, "seconds between checkpoints; 0 for none", at_least(0),
    Stage::kNothing);
  s("stall_seconds", stall_seconds,
    "seconds without a finished micro-batch or window after which a run is ended and the technique at work "
    "named, if it is also 20 times the longest such wait; 0 for never",
    at_least(0), Stage::kNothing);
  s("discarded_warmup_steps", discarded_warmup_steps,
    "steps taken before training at full rate, after which weights start over; they only leave a trace in "
    "discarded_warmup_keeps",
    at_least(0));
  s("discarded_warmup_keeps", discarded_warmup_keeps,
    "optimizers whose state survives the discarded warm-up");
  s("select_on_validation", select_on_validation,
    "export the average, or the raw weights, that score best on the validation text, which is then no longer "
    "held out",
    any(), Stage::kReport);
}

void Budget::settings(Settings& s) {
  s("steps", steps, "optimizer steps at most", at_least(0));
  s("seconds", seconds,
    "training time at most, validation excluded; 0 for no limit. Results then depend on speed",
    between(0, 1e9));
  s("artifact_bytes", artifact_bytes, "largest artifact, code included", at_least(1), Stage::kCompress);
  s("code_bytes", code_bytes, "bytes counted for code beside the compressed weights", at_least(0),
    Stage::kCompress);
}

Trainer::Trainer(Model& model, std::vector<Routed>& optimizers, PluginRef<Schedule> schedule,
                 const TrainSettings& settings, const Budget& budget, Comm* comm)
    : model_(model),
      optimizers_(optimizers),
      schedule_(schedule),
      comm_(comm && comm->size() > 1 ? comm : nullptr),
      settings_(settings),
      views_(model),
      gradient_(model, settings.gradient_accumulators, settings.micro_batch_tokens, comm ? comm->rank() : 0),
      reached_({model.weights().size()}) {
  progress_.steps = budget.steps;
  progress_.budget_seconds = budget.seconds;
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

/// Returns what the schedule multiplies all learning rates by. Throws Error when it is negative or not
/// finite.
double Trainer::scheduled() const {
  Call<Schedule> schedule = schedule_.call();
  double scale = schedule->scale(progress_);
  check(scale >= 0 && std::isfinite(scale), "it multiplies the learning rates by {}", scale);
  return scale;
}

/// Shows the weights behind a step to the averagers.
void Trainer::average(StepReport& report) {
  for (auto& [name, averager] : averagers_) {
    Stopwatch own;
    Call<Averager> call = averager.averager.call();
    call->update(live_weights(), progress_);
    if (checks_outputs_) check_average(*call);
    double seconds = own.seconds();
    averager.seconds += seconds;
    report.phases.average += seconds;
  }
}

StepReport Trainer::step(std::span<const Batch> batches) {
  std::optional<AtStep> at(progress_.step);
  BeatingWork work;
  Stopwatch whole;
  progress_.lr_scale = scheduled();
  StepReport report = advance(batches);
  ++progress_.step;
  at.emplace(progress_.step);  // the step that averagers are told
  average(report);
  report.seconds = whole.seconds() - (progress_.budget_seconds > 0 ? 0 : report.phases.average);
  // All ranks follow one clock.
  if (comm_) report.seconds = comm_->all_reduce(report.seconds) / comm_->size();
  progress_.seconds += report.seconds;
  return report;
}

void Trainer::discarded_step(std::span<const Batch> batches) {
  progress_.lr_scale = 1;
  advance(batches);
}

StepReport Trainer::advance(std::span<const Batch> batches) {
  Stopwatch clock;
  StepReport report;
  report.lr_scale = progress_.lr_scale;
  views_.refresh(progress_, Mode::kTrain, true);
  report.phases.views = clock.lap();
  if (checks_outputs_) check_outputs(batches);
  bool may_leave = comm_ == nullptr;
  report.loss =
      gradient_.run(batches, views_.values(), progress_, may_leave ? leave_ : std::function<bool()>());
  report.terms = labelled_terms();
  views_.pull(gradient_.gradients());
  if (comm_) average_over_ranks(report, gradient_.gradients());
  check_loss(report, batches);
  report.phases.gradient = clock.lap();
  std::vector<double> squares = squared_norms(gradient_.gradients());
  check_gradients(squares, batches);
  note_reached(squares);
  report.gradient_norm = std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
  clip(gradient_.gradients(), report.gradient_norm);
  report.phases.clip = clock.lap();
  update(gradient_.gradients());
  report.phases.update = clock.lap();
  for (const Batch& batch : batches) report.tokens += batch.rows * batch.length;
  if (comm_) report.tokens *= comm_->size();
  return report;
}

/// Returns what each objective added to the loss of the last gradient.
std::vector<std::pair<std::string, double>> Trainer::labelled_terms() {
  std::vector<std::pair<std::string, double>> terms;
  for (const Technique& objective : model_.parts().of(Kind::kObjective))
    terms.emplace_back(objective.label, gradient_.terms()[terms.size()]);
  return terms;
}

/// Replaces gradients, the loss and its terms by their means over the ranks. The ranks see equal parts of a
/// batch, so the mean of their means is the mean.
void Trainer::average_over_ranks(StepReport& report, std::span<Tensor> gradients) {
  for (size_t i = 0; i < gradients.size();) {
    Tensor& first = gradients[i++];
    if (!first.defined()) continue;
    int64_t count = first.numel();  // It grows by the neighbours in memory, which are reduced together.
    for (; i < gradients.size() && count < kMostTogether && gradients[i].defined() &&
           gradients[i].data() == first.data() + count;
         ++i)
      count += gradients[i].numel();
    comm_->all_reduce(first.data(), count);
    for_each(first.device(), count, ScaleBy{first.data(), 1.0f / float(comm_->size())});
  }
  report.loss = comm_->all_reduce(report.loss) / comm_->size();
  for (auto& [label, term] : report.terms) term = comm_->all_reduce(term) / comm_->size();
}

void Trainer::note_reached(std::span<const double> squares) {
  for (size_t i = 0; i < squares.size(); ++i)
    if (squares[i] > 0) reached_.data()[i] = 1;
}

/// Scales gradients whose norm together is `norm` down to clip_norm where it is larger.
void Trainer::clip(std::span<Tensor> gradients, double norm) const {
  double factor = settings_.clip_norm / (norm + 1e-6);
  if (settings_.clip_norm == 0 || factor >= 1) return;
  for (Tensor& gradient : gradients)
    if (gradient.defined())
      for_each(gradient.device(), gradient.numel(), ScaleBy{gradient.data(), float(factor)});
}

/// Returns what multiplies the learning rate of each weight. Throws Error when it is negative or not finite.
std::vector<double> Trainer::lr_factors() {
  const WeightTable& table = model_.weights();
  std::vector<double> factors(size_t(table.size()), 1.0);
  for (const Routed& routed : rate_factors_) {
    const Technique& technique = routed.technique;
    technique.calls->in[size_t(Mode::kTrain)].fetch_add(1, std::memory_order_relaxed);
    Call<RateFactor> rate = technique.as<RateFactor>();
    for (int i : routed.weights) {
      double factor = rate->factor(table.info(i), model_.shape(), progress_);
      check(factor >= 0 && std::isfinite(factor), "step {}: '{}' multiplies the rate of {} by {}",
            progress_.step, technique.label, table.info(i).name, factor);
      if (factor != 1) rated_.insert(technique.label);
      factors[size_t(i)] *= factor;
    }
  }
  return factors;
}

void Trainer::update(std::span<Tensor> gradients) {
  const WeightTable& table = model_.weights();
  std::vector<double> factors = lr_factors();
  for (Routed& optimizer : optimizers_) {
    std::vector<Weight> weights;
    for (int i : optimizer.weights)
      weights.push_back({&table.info(i), table.value(i), gradients[size_t(i)], factors[size_t(i)]});
    optimizer.technique.calls->in[size_t(Mode::kTrain)].fetch_add(1, std::memory_order_relaxed);
    Call<Optimizer> call = optimizer.technique.as<Optimizer>();
    call->step(weights, progress_);
    if (checks_outputs_) check_updated(weights);
  }
}

std::vector<Tensor> Trainer::averaged_by(const std::string& averager) const {
  std::span<const Tensor> live = model_.weights().values();
  Call<Averager> asked = averagers_.at(averager).averager.call();
  std::span<const Tensor> average = asked->average();
  if (average.empty()) average = live;
  auto same_shape = [](const Tensor& a, const Tensor& b) { return a.defined() && a.shape() == b.shape(); };
  check(std::equal(average.begin(), average.end(), live.begin(), live.end(), same_shape),
        "its average is not of the shapes of the {} weights", live.size());
  return {average.begin(), average.end()};
}

void Trainer::add_averager(std::string name, PluginRef<Averager> averager) {
  averager->update(live_weights(), progress_);
  averagers_.emplace(std::move(name), TimedAverager{averager});
}

void Trainer::weights_state(Archive& archive) {
  for (int i = 0; i < model_.weights().size(); ++i) {
    Tensor value = model_.weights().value(i);
    archive(("weights." + model_.weights().info(i).name).c_str(), value);
  }
}

void Trainer::restored_state(Archive& archive, std::span<const std::string> keeps) {
  weights_state(archive);
  for (Routed& optimizer : optimizers_) {
    const std::string& label = optimizer.technique.label;
    if (std::find(keeps.begin(), keeps.end(), label) != keeps.end()) continue;
    PrefixedArchive own(archive, "optimizers." + label + ".");
    optimizer.technique.as<Optimizer>()->state(own);
  }
}

void Trainer::state(Archive& archive) {
  restored_state(archive, {});
  archive("reached", reached_);
  for (const Routed& routed : rate_factors_) {
    const std::string& label = routed.technique.label;
    int64_t rated = this->rated(label);
    archive(("rated." + label).c_str(), rated);
    if (rated) rated_.insert(label);
  }
  archive("progress.step", progress_.step);
  archive_bits(archive, "progress.seconds", progress_.seconds);
  for (auto& [name, averager] : averagers_) {
    PrefixedArchive own(archive, "averagers." + name + ".");
    averager.averager->state(own);
    archive_bits(archive, ("averagers." + name + ".seconds").c_str(), averager.seconds);
  }
}

}  // namespace caddie
