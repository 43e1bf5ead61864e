// SPDX-License-Identifier: Apache-2.0
// Cases of kind schedules: what the learning rates are multiplied by, and the momentum of an optimizer that
// warms up.
#include <cmath>

#include "parity/kinds.h"
#include "train/trainer.h"

namespace caddie::parity {
namespace {

void check_rates(const Case& c, const Json& sequence, Bench& bench, Verdict& verdict) {
  know_keys(sequence, "a sequence of lr_sequences", {"config", "step", "elapsed_ms", "lr_mul"});
  Facts facts;
  add(facts, sequence.at("config"));
  Tree tree = bench.experiment(c, facts);
  auto schedule = bench.make<Schedule>(tree, "train.schedule");
  Budget budget;
  tree.read("budget", [&](Settings& s) { budget.settings(s); });
  for (size_t i = 0; i < sequence.at("step").size(); ++i) {
    Progress progress;
    progress.step = sequence["step"][i];
    progress.steps = budget.steps;
    progress.seconds = sequence.at("elapsed_ms")[i].get<double>() / 1000;
    progress.budget_seconds = budget.seconds;
    verdict.within("scale at step " + std::to_string(progress.step) + " of " + sequence["config"].dump(),
                   std::abs(schedule->scale(progress) - sequence.at("lr_mul")[i].get<double>()),
                   c.tolerance("abs"));
  }
}

/// Shows the state tensors that have the shape of the weight.
class StateOfShape final : public Archive {
 public:
  StateOfShape(const Shape& shape, std::function<void(Tensor&)> show)
      : shape_(shape), show_(std::move(show)) {}
  void operator()(const char*, Tensor& tensor) override {
    if (tensor.defined() && tensor.shape() == shape_) show_(tensor);
  }
  void operator()(const char* name, std::vector<Tensor>& tensors) override {
    for (Tensor& tensor : tensors) (*this)(name, tensor);
  }
  void operator()(const char*, int64_t&) override {}

 private:
  Shape shape_;
  std::function<void(Tensor&)> show_;
};

/// The share of the old momentum that one step keeps: a momentum of 1 becomes this when the gradient is 0.
/// The optimizer's momentum is the one state tensor of the weight's shape.
double momentum_at(Optimizer& optimizer, int64_t step) {
  WeightInfo info;
  info.name = "probe";
  info.shape = {2, 2};
  Tensor value(info.shape);
  auto take_step = [&] {
    Weight weight{&info, value, Tensor(info.shape)};
    Progress progress;
    progress.step = step;
    optimizer.step({&weight, 1}, progress);
  };
  take_step();  // makes the state
  int found = 0;
  StateOfShape set(info.shape, [&](Tensor& momentum) {
    ++found;
    std::fill_n(momentum.data(), momentum.numel(), 1.0f);
  });
  optimizer.state(set);
  if (found != 1) skip("an optimizer with {} state tensors of the weight's shape shows no momentum", found);
  take_step();
  double kept = 0;
  StateOfShape get(info.shape, [&](Tensor& momentum) { kept = momentum.data()[0]; });
  optimizer.state(get);
  return kept;
}

void check_momenta(const Case& c, const Json& sequence, Bench& bench, Verdict& verdict) {
  know_keys(sequence, "a sequence of momentum_sequences", {"config", "step", "muon_momentum"});
  Facts facts;
  add(facts, sequence.at("config"));
  Tree tree = bench.experiment(c, facts);
  for (size_t i = 0; i < sequence.at("step").size(); ++i) {
    auto optimizer = bench.make_only<Optimizer>(tree, "optimizers");
    int64_t step = sequence["step"][i];
    // Momenta are float32: the share that a step keeps is the expected one rounded once.
    auto wanted = sequence.at("muon_momentum")[i].get<float>();
    verdict.within("momentum at step " + std::to_string(step) + " of " + sequence["config"].dump(),
                   std::abs(momentum_at(*optimizer, step) - double(wanted)), c.tolerance("abs"));
  }
}

}  // namespace

void check_schedules(const Case& c, Bench& bench, Verdict& verdict) {
  know_keys(
      c.expected(), "expected",
      {"lr_sequences", "momentum_sequences", "fraction_sequences", "scalar_schedules", "seq_len_schedules"});
  know_keys(c.config(), "config", {});
  if (c.expected().contains("lr_sequences"))
    for (const Json& sequence : c.expected()["lr_sequences"]) check_rates(c, sequence, bench, verdict);
  if (c.expected().contains("momentum_sequences"))
    for (const Json& sequence : c.expected()["momentum_sequences"])
      check_momenta(c, sequence, bench, verdict);
  check_fractions(c, bench, verdict);
}

}  // namespace caddie::parity
