// SPDX-License-Identifier: Apache-2.0
// Cases of kind train_steps: a short training from given weights, compared step by step.
#include <algorithm>
#include <cmath>

#include "parity/engine.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// The rates of a schedule are float64 on both sides.
constexpr double kScaleTolerance = 1e-12;
/// Upstream states none for the gradient's norm. Ours is float32, and differs more as the weights drift
/// apart.
constexpr double kRelativeNormTolerance = 1e-4;

std::vector<Facts> groups_of(const Case& c) {
  std::vector<Facts> groups;
  for (const Json& group : c.at("param_groups")) {
    Facts facts = {{"label", "group" + std::to_string(groups.size())}};
    add(facts, group);
    // Said once for all groups; those of Newton-Schulz iterations go by it.
    if (group.contains("backend_steps"))
      for (const char* key : {"newton_schulz", "wd_taper"})
        if (c.config().contains(key)) facts[key] = c.config()[key];
    groups.push_back(facts);
  }
  return groups;
}

/// The weights that upstream's training leaves as they are, to the bit: what it reads nowhere among them.
std::vector<std::string> untrained(const Case& c) {
  SafetensorsFile first = c.tensors("params_init.safetensors"), last = c.tensors("params_final.safetensors");
  std::vector<std::string> names;
  for (const std::string& name : first.names())
    if (first.doubles(name) == last.doubles(name)) names.push_back(name);
  return names;
}

void check_norms(const Case& c, const Model& model, std::span<const double> wanted, Verdict& verdict,
                 size_t step) {
  auto names = c.expected().at("trace_names").get<std::vector<std::string>>();
  for (size_t i = 0; i < names.size(); ++i) {
    int index = model.weights().find(names[i]);
    if (index < 0) continue;  // Nothing reads it, as set_weights() has made sure.
    const Tensor& value = model.weights().value(index);
    // A difference of `tolerance` in every entry moves the norm by at most that times the root of their
    // number.
    verdict.within("norm of " + names[i] + " after step " + std::to_string(step),
                   std::abs(std::sqrt(squared_norm(value)) - wanted[i]),
                   c.tolerance("final_params_abs") * std::sqrt(double(value.numel())));
  }
}

/// The number that `expected` has for this step, if it has any for this name.
void check_step(const Case& c, const std::string& name, size_t step, double got, double tolerance,
                Verdict& verdict) {
  if (!c.expected().contains(name) || c.expected()[name].empty()) return;
  verdict.within(name + " at step " + std::to_string(step),
                 std::abs(got - c.expected()[name].at(step).get<double>()), tolerance);
}

/// Whether layers are repeated in this step, where the case says it.
void check_looping(const Case& c, const Model& model, const Progress& progress, size_t step,
                   Verdict& verdict) {
  constexpr const char* kName = "looping_active_per_step";
  if (!c.expected().contains(kName)) return;
  verdict.equal(std::string(kName) + " at step " + std::to_string(step),
                (model.orders_layers(progress, nullptr) != nullptr) != bool(c.expected()[kName].at(step)));
}

void train(const Case& c, const CaseBatches& given, Experiment& experiment, Trainer& trainer,
           Verdict& verdict) {
  const Json& shapes = c.at("shapes");
  int64_t rows = shapes.at("batch"), length = shapes.at("seq_len"),
          micro_steps = shapes.at("grad_accum_steps");
  std::vector<double> norms = c.tensors("trace.safetensors").doubles("l2");
  size_t weights = c.expected().at("trace_names").size();
  Json elapsed = c.json.value("elapsed_ms_per_step", Json());
  for (size_t step = 0; step < shapes.at("steps").get<size_t>(); ++step) {
    std::vector<Batch> batches;
    for (int64_t micro = 0; micro < micro_steps; ++micro)
      batches.push_back(given.rows((int64_t(step) * micro_steps + micro) * rows, rows, length));
    if (!elapsed.is_null()) trainer.set_seconds(elapsed.at(step).get<double>() / 1000);
    check_looping(c, *experiment.model, trainer.progress(), step, verdict);
    StepReport report = trainer.step(batches);
    check_step(c, "loss_per_step", step, report.loss, c.tolerance("loss_abs"), verdict);
    check_step(c, "lr_scale_per_step", step, report.lr_scale, kScaleTolerance, verdict);
    check_step(c, "grad_norm_before_clip_per_step", step, report.gradient_norm,
               kRelativeNormTolerance * report.gradient_norm, verdict);
    check_norms(c, *experiment.model, std::span(norms).subspan(step * weights, weights), verdict, step);
  }
}

}  // namespace

void check_train_steps(const Case& c, Bench& bench, Verdict& verdict) {
  CaseBatches batches(c);
  Facts facts = model_facts(c, c.at("shapes").at("seq_len"));
  facts["cu_seqlens"] = batches.has_cuts();
  Tree tree = bench.experiment(c, facts, groups_of(c), "param_group");
  know_case(c, {"shapes", "param_groups", "elapsed_ms_per_step"});
  know_keys(c.at("shapes"), "shapes", {"batch", "seq_len", "steps", "grad_accum_steps"});
  know_keys(c.expected(), "expected",
            {"loss_per_step", "lr_scale_per_step", "muon_momentum_per_step", "grad_norm_before_clip_per_step",
             "qat_enabled_per_step", "looping_active_per_step", "muon_weight_decay_per_step", "final_params",
             "trace", "trace_names", "averaged", "ema_params", "swa_snapshot_steps"});
  Experiment experiment = assemble(tree, bench);
  Model& model = *experiment.model;
  set_weights(model, c.tensors("params_init.safetensors"), untrained(c));

  Trainer trainer(model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                  experiment.budget);
  trainer.multiply_rates_by(experiment.rate_factors);
  if (experiment.averager) trainer.add_averager("averager", experiment.averager->as<Averager>());
  train(c, batches, experiment, trainer, verdict);
  double tolerance = c.tolerance("final_params_abs");
  compare_weights(model, model.weights().values(), c.tensors("params_final.safetensors"), "final", tolerance,
                  verdict);
  bool ema = c.expected().contains("ema_params");
  if (!ema && !c.expected().contains("averaged")) return;
  if (!experiment.averager) skip("no rule makes a [train.averager] of the case");
  compare_weights(model, trainer.averaged_by("averager"),
                  c.tensors(ema ? "params_ema.safetensors" : "params_averaged.safetensors"), "averaged",
                  tolerance, verdict);
}

}  // namespace caddie::parity
