// SPDX-License-Identifier: Apache-2.0
// A technique is judged by moved weights, a probe's logits or an evaluator's windows, as its slot says.
#include "run/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "autograd/thread_tape.h"
#include "base/text.h"
#include "experiment/fit.h"
#include "model/token_ids.h"
#include "run/stored_weights.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

using EffectCheck = Slot::EffectCheck;

/// Tells whether a list of names holds `name`.
bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

/// Tells whether the part is one that evaluations never call.
bool acts_in_training_only(const Experiment::Part& part) {
  return part.slot->effect_check == EffectCheck::kGradient || part.technique.entry->card.training_only;
}

/// Returns where the technique's site was not visited; "" when it was wherever it should be.
std::string check_visits(const Experiment::Part& part, const Evidence& evidence) {
  const std::string& label = part.technique.label;
  if (!names(evidence.trace.visited, label)) return "its site was never visited in training";
  // Evaluation reads exported weights and no views.
  if (part.slot->effect_check == EffectCheck::kView || acts_in_training_only(part)) return "";
  if (!evidence.before_export.count(label)) return "its site was never visited in evaluation";
  if (!evidence.after_export.count(label)) return "its site was never visited after export";
  return "";
}

/// Judges a technique by whether gradients reached the weights that it declared, and moved them.
EffectFinding check_own_weights(const Experiment& experiment, const Experiment::Part& part,
                                const TrainingTrace& trace) {
  std::vector<std::string> dead;
  int own = 0;
  for (const WeightInfo& info : experiment.model->weights().infos()) {
    if (info.owner != part.technique.label) continue;
    ++own;
    if (names(trace.unreached, info.name))
      dead.push_back(info.name + " never got a gradient other than zero");
    else if (names(trace.unmoved, info.name))
      dead.push_back(info.name + " did not move");
  }
  if (dead.empty()) return {};
  return {"", int(dead.size()) == own ? Verdict::kVoid : Verdict::kPartial,
          dead[0] + (dead.size() > 1 ? message(", nor did {} more", {int(dead.size()) - 1}) : "")};
}

/// Tells whether the logits of the probe are others without the technique.
bool probe_differs(const Experiment& experiment, const Technique& technique, const Evidence& evidence) {
  std::vector<Leaf> leaves = leaves_of(evidence.weights);
  Model& model = *experiment.model;
  Tape& tape = thread_tape(model.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(model, tape, evidence.probe.data(), 1, int64_t(evidence.probe.size()));
  Var with = model.logits(ids, Mode::kEvaluate, Progress());
  Var without = model.logits(ids, Mode::kEvaluate, Progress(), &technique);
  return !same_bits(with.value(), without.value());
}

/// Returns the gradients of a training pass over the probe, in the order of the weights; undefined where
/// there is none. Any targets will do, so it predicts its own tokens.
std::vector<Tensor> probe_gradients(const Experiment& experiment, const Technique* without,
                                    const Evidence& evidence) {
  std::vector<Leaf> leaves = leaves_of(evidence.weights);
  std::vector<Tensor> gradients;
  Model& model = *experiment.model;
  for (Leaf& leaf : leaves)
    leaf.gradient = gradients.emplace_back(leaf.value.shape(), model.weights().device()).data();
  Tape& tape = thread_tape(model.weights().device());
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  Ids ids = place_ids(model, tape, evidence.probe.data(), 1, int64_t(evidence.probe.size()));
  model.add_gradients(ids, ids, Mode::kTrain, {Progress(), 0, without}, 1);
  tape.start({}, false);
  for (size_t i = 0; i < leaves.size(); ++i)
    if (!leaves[i].summed) gradients[i] = Tensor();
  return gradients;
}

/// Tells whether the gradients of the probe are others without the technique.
bool probe_trains_differently(const Experiment& experiment, const Technique& technique,
                              const Evidence& evidence) {
  std::vector<Tensor> with = probe_gradients(experiment, nullptr, evidence),
                      without = probe_gradients(experiment, &technique, evidence);
  return !std::equal(with.begin(), with.end(), without.begin(), [](const Tensor& a, const Tensor& b) {
    return a.defined() == b.defined() && (!a.defined() || same_bits(a, b));
  });
}

/// Judges a technique that acts inside the model.
EffectFinding judge_in_model(const Experiment& experiment, const Experiment::Part& part,
                             const Evidence& evidence) {
  std::string reason = check_visits(part, evidence);
  if (!reason.empty()) return {"", Verdict::kVoid, reason};
  EffectFinding finding = check_own_weights(experiment, part, evidence.trace);
  if (finding.verdict == Verdict::kVoid) return finding;
  if (part.slot->effect_check == EffectCheck::kView) {
    if (names(evidence.trace.idle, part.technique.label))
      return {"", Verdict::kVoid, "it leaves every weight as it is at the end of training"};
  } else if (acts_in_training_only(part)) {
    if (!probe_trains_differently(experiment, part.technique, evidence))
      return {"", Verdict::kVoid, "without it the gradients of a probe batch are the same"};
  } else if (!probe_differs(experiment, part.technique, evidence)) {
    return {"", Verdict::kVoid, "without it the logits of a probe batch are the same"};
  }
  return finding;
}

/// Judges an optimizer by whether any of its weights moved.
EffectFinding judge_moves(const Experiment& experiment, const Experiment::Part& part,
                          const TrainingTrace& trace) {
  for (int i : part.weights)
    if (!names(trace.unmoved, experiment.model->weights().info(i).name)) return {};
  return {"", Verdict::kVoid, "none of the weights that it steps moved"};
}

/// Judges a part of the experiment as the effect check of its slot says.
EffectFinding judge(const Experiment& experiment, const Experiment::Part& part, const Evidence& evidence) {
  auto void_unless = [](bool acted, const char* reason) {
    return acted ? EffectFinding() : EffectFinding{"", Verdict::kVoid, reason};
  };
  if (part.slot->claims != Slot::Claims::kNone && part.weights.empty())
    return {"", Verdict::kVoid, "no weight of the model is one that it claims"};
  switch (part.slot->effect_check) {
    case EffectCheck::kLogits:
    case EffectCheck::kGradient:
    case EffectCheck::kView:
      return judge_in_model(experiment, part, evidence);
    case EffectCheck::kMoved:
      return judge_moves(experiment, part, evidence.trace);
    case EffectCheck::kRates:
      return void_unless(!names(evidence.trace.idle, part.path), "it left every learning rate as it is");
    case EffectCheck::kBlended:
      return void_unless(evidence.blended.count(part.technique.label), "it changed no score");
    case EffectCheck::kScale:
      return void_unless(evidence.trace.scaled, "it left the learning rates as they are in every step");
    case EffectCheck::kBatches:
      return void_unless(evidence.trace.sampled, "every batch is what reading the text in its order gives");
    case EffectCheck::kFilled:
      return void_unless(evidence.trace.filled, "it left every matrix at zero");
    case EffectCheck::kWindows:
      return void_unless(!evaluates_plainly(part.technique.as<Evaluator>(), experiment.data.sequence_length),
                         "it scores the same windows as a plain evaluation");
    case EffectCheck::kAverage:  // Evidence::noted holds findings on these.
    case EffectCheck::kSmaller:
    case EffectCheck::kClaim:
    case EffectCheck::kNone:
      return {};
  }
  return {};
}

/// Returns all findings on one part as one: the worst verdict, and all reasons, those of the worst first.
EffectFinding together(std::vector<EffectFinding> findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const EffectFinding& a, const EffectFinding& b) { return a.verdict > b.verdict; });
  std::vector<std::string> reasons;
  for (const EffectFinding& finding : findings)
    if (!finding.reason.empty() && std::find(reasons.begin(), reasons.end(), finding.reason) == reasons.end())
      reasons.push_back(finding.reason);
  return {findings[0].technique, findings[0].verdict, join(reasons, "; ")};
}

/// Compares the windows that an evaluator asks for with full windows side by side; one that trains is not
/// plain. The evaluator is told of a text with two documents whose length is a whole number of windows,
/// because evaluators treat a shorter last window in many ways.
class WindowRecorder final : public LearningScorer {
 public:
  explicit WindowRecorder(int64_t sequence_length)
      : sequence_length_(sequence_length), starts_{0, sequence_length / 2 + 1} {}
  int64_t positions() const override { return 5 * sequence_length_; }
  int64_t sequence_length() const override { return sequence_length_; }
  std::span<const int64_t> document_starts() const override { return starts_; }
  Score score(std::span<const Window> windows, double temperature) override {
    for (const Window& w : windows) {
      bool next = w.start == recorded_ * sequence_length_ && w.length == sequence_length_;
      plain_ = plain_ && next && w.first_scored == 0 && temperature == 1;
      ++recorded_;
    }
    return {1, 1, 1, int64_t(windows.size()), 0};
  }
  std::span<Weight> weights() override { return {}; }
  double gradient(std::span<const Passage>) override {
    plain_ = false;
    return 1;
  }
  int64_t add_sets(Adapter&, int64_t) override { return 0; }
  void drop_sets(int64_t, int64_t) override {}
  std::span<Weight> set(int64_t) override { return {}; }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow> windows) override {
    plain_ = false;
    return std::vector<Score>(windows.size(), {1, 1, 1, 1, 0});
  }
  /// Returns whether every position was scored once, in windows that follow one another.
  bool is_plain() const { return plain_ && recorded_ * sequence_length_ == positions(); }

 private:
  bool plain_ = true;
  int64_t sequence_length_, recorded_ = 0;
  std::vector<int64_t> starts_;
};

}  // namespace

std::string_view name_of(Verdict verdict) {
  constexpr std::string_view names[] = {"ok", "partial", "allowed_no_effect", "no_effect"};
  return names[size_t(verdict)];
}

std::string called(const Experiment::Part& part) {
  return is_in_model(*part.slot) && part.slot->count == Slot::Count::kMany ? part.technique.label : part.path;
}

void Evidence::note_void(const Experiment& experiment, const Technique& technique, const char* reason) {
  for (const Experiment::Part& part : experiment.parts)
    if (part.technique.object == technique.object) noted.push_back({part.path, Verdict::kVoid, reason});
}

CallCounter::CallCounter(const Experiment& experiment, Mode mode) : mode_(mode) {
  for (const Experiment::Part& part : experiment.parts)
    if (is_in_model(*part.slot))
      before_.emplace_back(&part.technique, part.technique.calls->in[size_t(mode)]);
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
  for (int i = 0; i < weights.size(); ++i) {
    initial_.push_back(hash_of(weights.value(i)));
    if (weights.info(i).init.kind == Init::Kind::kInitializer)
      filled_ = filled_ || squared_norm(weights.value(i)) > 0;
  }
}

void TrainingWatch::state(Archive& archive) {
  int64_t scaled = scaled_;
  archive("watch.scaled", scaled);
  scaled_ = scaled != 0;
  int64_t sampled = sampled_;
  archive("watch.sampled", sampled);
  sampled_ = sampled != 0;
}

TrainingTrace TrainingWatch::trace(const Trainer& trainer) const {
  const WeightTable& weights = experiment_.model->weights();
  std::set<std::string> visited = calls_.visited();
  TrainingTrace seen = {{visited.begin(), visited.end()}, {}, {}, {}, filled_, scaled_, sampled_};
  for (int i = 0; i < weights.size(); ++i) {
    const std::string& name = weights.info(i).name;
    if (!trainer.reached(i)) seen.unreached.push_back(name);
    if (hash_of(weights.value(i)) == initial_[size_t(i)]) seen.unmoved.push_back(name);
  }
  for (const Experiment::Part& part : experiment_.parts) {
    if (part.slot->effect_check == EffectCheck::kView && leaves_weights(part, trainer))
      seen.idle.push_back(part.technique.label);
    if (part.slot->effect_check == EffectCheck::kRates && !trainer.rated(part.technique.label))
      seen.idle.push_back(part.path);
  }
  return seen;
}

bool TrainingWatch::leaves_weights(const Experiment::Part& part, const Trainer& trainer) const {
  const WeightTable& weights = experiment_.model->weights();
  Tape& tape = thread_tape(weights.device());
  Tape::Scope scope(tape);
  std::vector<Leaf> leaves = leaves_of(weights.values());
  tape.start(leaves, false);
  for (int i : part.weights) {
    Var seen = part.technique.as<WeightView>()->view(Parameter{i}, weights.info(i), trainer.progress(),
                                                     Mode::kTrain);
    if (!same_bits(seen.value(), weights.value(i))) return false;
  }
  return true;
}

bool evaluates_plainly(Evaluator& evaluator, int64_t sequence_length) {
  WindowRecorder recorder(sequence_length);
  evaluator.evaluate(recorder);
  return recorder.is_plain();
}

std::vector<EffectFinding> judge_effects(const Experiment& experiment, const Evidence& evidence) {
  std::vector<EffectFinding> all;
  for (const Experiment::Part& part : experiment.parts) {
    if (part.technique.entry->card.neutral || is_replaced(experiment, part)) continue;
    std::vector<EffectFinding> found = {judge(experiment, part, evidence)};
    for (const EffectFinding& noted : evidence.noted)
      if (noted.technique == part.path) found.push_back(noted);
    EffectFinding finding = together(std::move(found));
    finding.technique = called(part);
    if (finding.verdict == Verdict::kVoid && part.technique.allow_no_effect)
      finding.verdict = Verdict::kAllowed;
    all.push_back(std::move(finding));
  }
  return all;
}

std::string void_text(std::span<const EffectFinding> findings) {
  std::map<std::string, std::vector<std::string>> techniques;  // the techniques by reason
  for (const EffectFinding& finding : findings)
    if (finding.verdict == Verdict::kVoid) techniques[finding.reason].push_back(finding.technique);
  std::vector<std::string> groups;
  for (const auto& [reason, labels] : techniques) groups.push_back(join(labels, ", ") + " (" + reason + ")");
  return join(groups, "; ");
}

void add_findings(RunSummary& summary, std::span<const EffectFinding> findings) {
  Verdict worst = Verdict::kActed;
  std::map<std::string, std::vector<EffectFinding>> by_name;
  std::vector<std::string> order;
  for (const EffectFinding& finding : findings) {
    if (finding.verdict == Verdict::kActed) continue;
    worst = std::max(worst, finding.verdict);
    std::vector<EffectFinding>& same = by_name[finding.technique];
    if (same.empty()) order.push_back(finding.technique);
    same.push_back(finding);
  }
  Labelled<std::string>& reasons = summary.effects.emplace();
  for (const std::string& name : order) {
    EffectFinding finding = together(by_name[name]);
    reasons.emplace_back(name, fmt::format("{}: {}", name_of(finding.verdict), finding.reason));
  }
  summary.effect_check = name_of(worst);
}

}  // namespace caddie
