// SPDX-License-Identifier: Apache-2.0
// Cases of kind forward_backward: loss, logits and gradients of one batch under given weights.
#include <algorithm>
#include <cmath>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "model/token_ids.h"
#include "parity/adapters.h"
#include "parity/engine.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// A weight's gradient is measured against its own largest entry, but no finer than this share of the largest
/// entry of all gradients.
constexpr double kShareOfLargest = 1e-3;

void check_logits(Model& model, std::span<const Tensor> values, const Batch& batch, const Progress& progress,
                  const Case& c, Verdict& verdict) {
  std::vector<Leaf> leaves = leaves_of(values);
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids tokens = place_ids(model, tape, batch.inputs.data(), batch.rows, batch.length);
  Ids documents;
  if (!batch.documents.empty()) documents = place_ids(tape, batch.documents.data(), batch.rows, batch.length);
  Var logits = model.logits(tokens, Mode::kTrain, TrainingPass{progress, 0, nullptr, documents});
  verdict.within(
      "logits",
      largest_difference(numbers(logits.value()), c.tensors("expected.safetensors").doubles("logits")),
      c.tolerance("logits_abs"));
}

/// Checks the mean loss of an evaluation under some weights, and the loss of each position where the case has
/// it. `more` is what upstream's mean holds besides the cross entropy.
void check_evaluation(Model& model, std::span<const Tensor> values, const Batch& batch, double more,
                      const Case& c, Verdict& verdict) {
  std::vector<Leaf> leaves = leaves_of(values);
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids tokens = place_ids(model, tape, batch.inputs.data(), batch.rows, batch.length);
  Ids targets = place_ids(model, tape, batch.targets.data(), batch.rows, batch.length);
  Tensor nats = model.losses(tokens, targets, Mode::kEvaluate, Progress()).value();
  double wanted = c.expected().at("loss_eval_mode").get<double>();
  verdict.within("loss in evaluation", std::abs(sum(nats) / double(targets.numel()) + more - wanted),
                 c.tolerance("loss_abs"));
  if (!c.expected().contains("per_token_loss")) return;
  std::vector<double> each = c.tensors("expected.safetensors").doubles("per_token_loss");
  verdict.within("loss of a position", largest_difference(numbers(nats), each),
                 c.tolerance("per_token_loss_abs"));
}

void check_gradients(const Model& model, std::span<const Tensor> gradients, const Case& c,
                     const std::vector<std::string>& without, Verdict& verdict) {
  SafetensorsFile expected = c.tensors("grads.safetensors");
  double largest = 0;
  for (const std::string& name : expected.names())
    largest = std::max(largest, largest_magnitude(expected.doubles(name)));
  for (int i = 0; i < model.weights().size(); ++i) {
    const std::string& name = model.weights().info(i).name;
    const Tensor& gradient = gradients[size_t(i)];
    if (std::find(without.begin(), without.end(), name) != without.end()) {
      verdict.equal("gradient of " + name + ", which nothing reads", gradient.defined());
      continue;
    }
    std::vector<double> wanted = doubles_of(expected, model.weights().info(i));
    double scale = largest_magnitude(wanted) + kShareOfLargest * largest;
    double difference = gradient.defined() ? largest_difference(numbers(gradient), wanted) : INFINITY;
    verdict.within("gradient of " + name, difference / scale, c.tolerance("grad_rel"));
  }
}

/// Holds what rules say of the pass itself.
struct PassOptions {
  double fraction = 1;
  bool evaluates_as_trained = false;

  explicit PassOptions(Tree& tree) {
    tree.read("parity", [&](Settings& s) {
      s("fraction", fraction, "which share of the training is over", between(0, 1));
      s("evaluates_as_trained", evaluates_as_trained,
        "whether upstream's evaluations read rounded weights, and count what is added to the loss");
    });
  }
  Progress progress() const {
    constexpr int64_t kSteps = 1000;
    Progress progress;
    progress.steps = kSteps;
    progress.step = std::llround(fraction * kSteps);
    return progress;
  }
};

}  // namespace

void check_forward_backward(const Case& c, Bench& bench, Verdict& verdict) {
  int64_t length = c.at("shapes").at("seq_len");
  CaseBatches batches(c);
  Facts facts = model_facts(c, length);
  facts["cu_seqlens"] = batches.has_cuts();
  Tree tree = bench.experiment(c, facts);
  know_case(c, {"shapes", "variant"});
  if (c.json.value("variant", "lora") != "lora") skip("variant {}", c.json.value("variant", ""));
  know_keys(c.at("shapes"), "shapes", {"batch", "seq_len"});
  know_keys(
      c.expected(), "expected",
      {"loss", "loss_note", "loss_eval_mode", "grads", "params_without_grad", "logits", "per_token_loss"});
  PassOptions options(tree);
  Progress progress = options.progress();
  Experiment experiment = assemble(tree, bench);
  if (c.has("lora.safetensors")) return check_adapters(c, experiment, verdict);
  Model& model = *experiment.model;
  auto without = c.expected().at("params_without_grad").get<std::vector<std::string>>();
  set_weights(model, c.tensors("params.safetensors"), without);

  Batch batch = batches.rows(0, c.at("shapes").at("batch"), length);
  ViewedWeights views(model);
  views.refresh(progress, Mode::kTrain, true);
  GradientSum gradient(model, experiment.train.gradient_accumulators, experiment.train.micro_batch_tokens);
  double loss = gradient.run({&batch, 1}, views.values(), progress), terms = 0;
  for (double term : gradient.terms()) terms += term;
  verdict.within("loss", std::abs(loss + terms - c.expected().at("loss").get<double>()),
                 c.tolerance("loss_abs"));
  if (c.expected().contains("loss_eval_mode")) {
    bool trained = options.evaluates_as_trained;
    check_evaluation(model, trained ? views.values() : model.weights().values(), batch, trained ? terms : 0,
                     c, verdict);
  }
  if (c.expected().contains("logits")) check_logits(model, views.values(), batch, progress, c, verdict);
  views.pull(gradient.gradients());
  check_gradients(model, gradient.gradients(), c, without, verdict);
}

}  // namespace caddie::parity
