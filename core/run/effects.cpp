// SPDX-License-Identifier: Apache-2.0
#include "run/effects.h"

#include <algorithm>
#include <map>

#include "autograd/thread_tape.h"
#include "base/text.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

std::vector<const Technique*> watched(const Experiment& experiment) {
  std::vector<const Technique*> all;
  const ModelParts& parts = experiment.model->parts();
  for (const auto* group : {&parts.embeddings, &parts.modifiers, &parts.views})
    for (const Technique& technique : *group) all.push_back(&technique);
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return a->label < b->label; });
  return all;
}

bool is_view(const Technique& technique) { return technique.entry->kind == Kind::kView; }

std::string check_visits(const Technique& technique, const Json& trace, const EvaluationVisits& visits) {
  const Json& visited = trace.at("visited");
  if (std::find(visited.begin(), visited.end(), technique.label) == visited.end())
    return "its site was never visited in training";
  if (is_view(technique)) return "";  // evaluation reads what was exported, not views of it
  if (!visits.before_export.count(technique.label)) return "its site was never visited in evaluation";
  if (!visits.after_export.count(technique.label)) return "its site was never visited after export";
  return "";
}

void check_weights(const Experiment& experiment, const Technique& technique, const Json& trace,
                   EffectFinding& finding) {
  std::vector<std::string> dead;
  int own = 0;
  for (const WeightInfo& info : experiment.model->weights().infos()) {
    if (info.owner != technique.label) continue;
    ++own;
    if (auto found = trace.at("dead").find(info.name); found != trace.at("dead").end())
      dead.push_back(info.name + " " + found->get<std::string>());
  }
  if (dead.empty()) return;
  finding.verdict = int(dead.size()) == own ? Verdict::kVoid : Verdict::kPartial;
  finding.reason = dead[0] + (dead.size() > 1 ? message(", nor did {} more", {int(dead.size()) - 1}) : "");
}

bool probe_differs(const Experiment& experiment, const Technique& technique, std::span<const int32_t> probe,
                   std::span<const Tensor> weights) {
  std::vector<Leaf> leaves = leaves_of(weights);
  Model& model = *experiment.model;
  Tape& tape = thread_tape(model.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(tape, probe.data(), 1, int64_t(probe.size()));
  Var with = model.logits(ids, Mode::kEvaluate, Progress());
  Var without = model.logits(ids, Mode::kEvaluate, Progress(), &technique);
  return !same_bits(with.value(), without.value());
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view names[] = {"ok", "partial", "allowed_no_effect", "no_effect"};
  return names[size_t(verdict)];
}

CallCounter::CallCounter(const Experiment& experiment, Mode mode) : mode_(mode) {
  for (const Technique* technique : watched(experiment))
    before_.emplace_back(technique, technique->calls->in[size_t(mode)]);
}

std::set<std::string> CallCounter::visited() const {
  std::set<std::string> labels;
  for (auto [technique, calls] : before_)
    if (technique->calls->in[size_t(mode_)] > calls) labels.insert(technique->label);
  return labels;
}

TrainingWatch::TrainingWatch(const Experiment& experiment)
    : experiment_(experiment), calls_(experiment, Mode::kTrain) {
  const WeightTable& weights = experiment.model->weights();
  for (int i = 0; i < weights.size(); ++i)
    initial_.push_back(weights.info(i).owner == "model" ? Tensor() : clone(weights.value(i)));
}

Json TrainingWatch::trace(const Trainer& trainer) const {
  const WeightTable& weights = experiment_.model->weights();
  Json dead = Json::object(), idle = Json::array();
  for (int i = 0; i < weights.size(); ++i) {
    const std::string& name = weights.info(i).name;
    if (!initial_[size_t(i)].defined()) continue;
    if (!trainer.reached(i))
      dead[name] = "never got a gradient other than zero";
    else if (same_bits(initial_[size_t(i)], weights.value(i)))
      dead[name] = "did not move";
  }
  std::set<std::string> visited = calls_.visited();
  for (const Technique& view : experiment_.model->parts().views)
    if (leaves_weights(view, trainer)) idle.push_back(view.label);
  return {{"visited", visited}, {"dead", dead}, {"idle", idle}};
}

bool TrainingWatch::leaves_weights(const Technique& view, const Trainer& trainer) const {
  const WeightTable& weights = experiment_.model->weights();
  Tape& tape = thread_tape(weights.device());
  Tape::Scope scope(tape);
  std::vector<Leaf> leaves = leaves_of(weights.values());
  tape.start(leaves, false);
  for (int i : select_weights(weights.infos(), view.weights, view.label)) {
    Var seen = view.as<WeightView>().view(Parameter{i}, weights.info(i), trainer.progress(), Mode::kTrain);
    if (!same_bits(seen.value(), weights.value(i))) return false;
  }
  return true;
}

std::vector<EffectFinding> judge_effects(const Experiment& experiment, const Json& trace,
                                         const EvaluationVisits& visits, std::span<const int32_t> probe,
                                         std::span<const Tensor> weights) {
  const Json& idle = trace.at("idle");
  auto acts = [&](const Technique& technique) {
    if (!is_view(technique)) return probe_differs(experiment, technique, probe, weights);
    return std::find(idle.begin(), idle.end(), technique.label) == idle.end();
  };
  std::vector<EffectFinding> all;
  for (const Technique* technique : watched(experiment)) {
    EffectFinding finding{technique->label, Verdict::kActed, check_visits(*technique, trace, visits)};
    if (!finding.reason.empty()) finding.verdict = Verdict::kVoid;
    if (finding.verdict == Verdict::kActed) check_weights(experiment, *technique, trace, finding);
    if (finding.verdict != Verdict::kVoid && !acts(*technique)) {
      finding.verdict = Verdict::kVoid;
      finding.reason = is_view(*technique) ? "it leaves every weight as it is at the end of training"
                                           : "without it the logits of a probe batch are the same";
    }
    if (finding.verdict == Verdict::kVoid && technique->allow_no_effect) finding.verdict = Verdict::kAllowed;
    all.push_back(std::move(finding));
  }
  return all;
}

std::string void_text(std::span<const EffectFinding> findings) {
  std::map<std::string, std::vector<std::string>> techniques;  // by reason
  for (const EffectFinding& finding : findings)
    if (finding.verdict == Verdict::kVoid) techniques[finding.reason].push_back(finding.technique);
  std::vector<std::string> groups;
  for (const auto& [reason, labels] : techniques) groups.push_back(join(labels, ", ") + " (" + reason + ")");
  return join(groups, "; ");
}

}  // namespace caddie
