// SPDX-License-Identifier: Apache-2.0
#include "run/effects.h"

#include <algorithm>
#include <cstring>

#include "autograd/thread_tape.h"
#include "base/text.h"

namespace caddie {
namespace {

bool same_numbers(const Tensor& a, const Tensor& b) {
  Tensor x = on_host(a), y = on_host(b);
  return std::memcmp(x.data(), y.data(), size_t(x.numel()) * sizeof(float)) == 0;
}

std::vector<const Technique*> watched(const Experiment& experiment) {
  std::vector<const Technique*> all;
  const ModelParts& parts = experiment.model->parts();
  for (const auto* group : {&parts.embeddings, &parts.modifiers, &parts.views})
    for (const Technique& technique : *group) all.push_back(&technique);
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->label < b->label; });
  return all;
}

int64_t evaluations(const Technique& technique) { return technique.calls->in[size_t(Mode::kEvaluate)]; }

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view names[] = {"ok", "partial", "allowed_no_effect", "no_effect"};
  return names[size_t(verdict)];
}

EffectWatch::EffectWatch(const Experiment& experiment) : experiment_(experiment) {
  const WeightTable& weights = experiment.model->weights();
  for (int i = 0; i < weights.size(); ++i)
    initial_.push_back(weights.info(i).owner == "model" ? Tensor() : clone(weights.value(i)));
}

void EffectWatch::exported() {
  for (const Technique* technique : watched(experiment_))
    calls_before_export_.emplace_back(technique, evaluations(*technique));
}

std::string EffectWatch::check_calls(const Technique& technique) const {
  if (technique.calls->in[size_t(Mode::kTrain)] == 0) return "its site was never visited in training";
  if (technique.entry->kind == Kind::kView) return "";  // evaluation reads what was exported, not views of it
  if (evaluations(technique) == 0) return "its site was never visited in evaluation";
  for (auto [watched, calls] : calls_before_export_)
    if (watched == &technique && calls == evaluations(technique))
      return "its site was never visited after export";
  return "";
}

void EffectWatch::check_weights(const Technique& technique, const Trainer& trainer,
                                EffectFinding& finding) const {
  const WeightTable& weights = experiment_.model->weights();
  std::vector<std::string> dead;
  int own = 0;
  for (int i = 0; i < weights.size(); ++i) {
    if (weights.info(i).owner != technique.label) continue;
    ++own;
    if (!trainer.reached(i))
      dead.push_back(weights.info(i).name + " never got a gradient other than zero");
    else if (same_numbers(initial_[size_t(i)], weights.value(i)))
      dead.push_back(weights.info(i).name + " did not move");
  }
  if (dead.empty()) return;
  finding.verdict = int(dead.size()) == own ? Verdict::kVoid : Verdict::kPartial;
  finding.reason = dead[0] + (dead.size() > 1 ? message(", nor did {} more", {int(dead.size()) - 1}) : "");
}

bool EffectWatch::probe_differs(const Technique& technique, std::span<const int32_t> probe,
                                std::span<const Tensor> weights) const {
  std::vector<Leaf> leaves;
  for (const Tensor& weight : weights) leaves.push_back({weight, nullptr, false});
  Tape& tape = thread_tape(experiment_.model->weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(tape, probe.data(), 1, int64_t(probe.size()));
  Var with = experiment_.model->logits(ids, Mode::kEvaluate, Progress());
  Var without = experiment_.model->logits(ids, Mode::kEvaluate, Progress(), &technique);
  return !same_numbers(with.value(), without.value());
}

bool EffectWatch::view_acts(const Technique& view, const Trainer& trainer) const {
  const WeightTable& weights = experiment_.model->weights();
  Tape& tape = thread_tape(weights.device());
  Tape::Scope scope(tape);
  std::vector<Leaf> leaves;
  for (const Tensor& weight : weights.values()) leaves.push_back({weight, nullptr, false});
  tape.start(leaves, false);
  for (int i : select_weights(weights.infos(), view.weights, view.label)) {
    Var seen = view.as<WeightView>().view(Parameter{i}, weights.info(i), trainer.progress(), Mode::kTrain);
    if (!same_numbers(seen.value(), weights.value(i))) return true;
  }
  return false;
}

EffectFinding EffectWatch::check(const Technique& technique, const Trainer& trainer,
                                 std::span<const int32_t> probe, std::span<const Tensor> weights) const {
  EffectFinding finding{technique.label, Verdict::kActed, check_calls(technique)};
  if (!finding.reason.empty()) {
    finding.verdict = Verdict::kVoid;
    return finding;
  }
  check_weights(technique, trainer, finding);
  if (finding.verdict == Verdict::kVoid) return finding;
  bool view = technique.entry->kind == Kind::kView;
  if (view ? view_acts(technique, trainer) : probe_differs(technique, probe, weights)) return finding;
  finding.verdict = Verdict::kVoid;
  finding.reason = view ? "it leaves every weight as it is at the end of training"
                        : "without it the logits of a probe batch are the same";
  return finding;
}

std::vector<EffectFinding> EffectWatch::findings(const Trainer& trainer, std::span<const int32_t> probe,
                                                 std::span<const Tensor> weights) const {
  std::vector<EffectFinding> all;
  for (const Technique* technique : watched(experiment_)) {
    EffectFinding& finding = all.emplace_back(check(*technique, trainer, probe, weights));
    if (finding.verdict == Verdict::kVoid && technique->allow_no_effect) finding.verdict = Verdict::kAllowed;
  }
  return all;
}

}  // namespace caddie
