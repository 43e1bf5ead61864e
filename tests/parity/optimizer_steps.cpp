// SPDX-License-Identifier: Apache-2.0
// Cases of kind optimizer_steps: weights under given gradients, with a rate and a momentum for each step.
#include <algorithm>
#include <map>

#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// Carries the state of one optimizer over to another one.
class Baggage final : public Archive {
 public:
  void pack(Optimizer& optimizer) {
    loading_ = false;
    optimizer.state(*this);
  }
  void unpack(Optimizer& optimizer) {
    loading_ = true;
    if (packed_) optimizer.state(*this);
    packed_ = true;
  }
  void operator()(const char* name, Tensor& tensor) override { move(tensor, tensors_[name]); }
  void operator()(const char* name, std::vector<Tensor>& tensors) override { move(tensors, lists_[name]); }
  void operator()(const char* name, int64_t& number) override { move(number, numbers_[name]); }

 private:
  template <class T>
  void move(T& state, T& carried) const {
    (loading_ ? state : carried) = loading_ ? carried : state;
  }
  bool loading_ = false, packed_ = false;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::vector<Tensor>> lists_;
  std::map<std::string, int64_t> numbers_;
};

/// Number `step` of the gradients of a weight, which a file holds as [steps, ...].
Tensor gradient_at(const SafetensorsFile& gradients, const WeightInfo& info, size_t step) {
  Tensor all = gradients.floats(info.name), one(info.shape);
  check(all.numel() % one.numel() == 0 && int64_t(step) < all.numel() / one.numel(),
        "{}: gradients of shape {} hold no step {}", info.name, all.shape(), step);
  std::copy_n(all.data() + int64_t(step) * one.numel(), one.numel(), one.data());
  return one;
}

}  // namespace

void check_optimizer_steps(const Case& c, Bench& bench, Verdict& verdict) {
  know_case(c, {});
  know_keys(c.expected(), "expected", {"params"});
  SafetensorsFile start = c.tensors("params_init.safetensors"), end = c.tensors("params_final.safetensors"),
                  gradients = c.tensors("grads.safetensors");
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;
  for (const std::string& name : start.names()) {
    values.push_back(start.floats(name));
    WeightInfo info;
    info.name = name;
    info.shape = values.back().shape();
    infos.push_back(info);
  }
  Baggage baggage;
  const Json &rates = c.config().at("lr_per_step"), &momenta = c.config().at("momentum_per_step");
  for (size_t step = 0; step < rates.size(); ++step) {
    Facts facts;
    add(facts, c.config());
    facts.erase("lr_per_step");
    facts.erase("momentum_per_step");
    facts["lr"] = rates[step];
    facts["momentum"] = momenta.at(step);
    Tree tree = bench.experiment(c, facts);
    auto optimizer = bench.make_only<Optimizer>(tree, "optimizers");
    baggage.unpack(*optimizer);
    std::vector<Weight> weights;
    for (size_t i = 0; i < infos.size(); ++i)
      weights.push_back({&infos[i], values[i], gradient_at(gradients, infos[i], step)});
    Progress progress;
    progress.step = int64_t(step);
    progress.steps = int64_t(rates.size());
    optimizer->step(weights, progress);
    baggage.pack(*optimizer);
  }
  for (size_t i = 0; i < infos.size(); ++i)
    verdict.within("final " + infos[i].name,
                   largest_difference(numbers(values[i]), end.doubles(infos[i].name)),
                   c.tolerance("final_params_abs"));
}

}  // namespace caddie::parity
