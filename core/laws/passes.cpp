// SPDX-License-Identifier: Apache-2.0
// Looks at what parts of the model do in forward passes: where they are called, that they change something,
// that their numbers are finite, that no position sees what comes behind it, and that every weight learns.
#include <algorithm>
#include <cmath>
#include <map>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "config/describe.h"
#include "laws/looks.h"
#include "laws/plain_parts.h"
#include "laws/samples.h"
#include "model/views.h"
#include "tensor/same_bits.h"
#include "train/gradient.h"

namespace caddie {
namespace {

constexpr double kSpread = 0.3;  // the standard deviation of the weights that are tried

const char* text_of(Mode mode) { return mode == Mode::kTrain ? "training" : "evaluation"; }

/// Returns the experiment with the plugin and with weights that depend on their names alone.
Experiment filled(Experiment experiment) {
  fill_by_name(*experiment.model, kSpread);
  return experiment;
}

/// Checks the values that pass the sites of a model: their shapes are those of a model without the plugin.
class ShapeWatch final : public SiteListener {
 public:
  explicit ShapeWatch(std::map<Site, std::vector<Shape>>* expected = nullptr) : expected_(expected) {}
  void see(const SitePlace& place, std::span<const Var> values) override {
    for (size_t i = 0; i < values.size(); ++i) {
      const Tensor& value = values[i].value();
      std::vector<Shape>& known = shapes[place.site];
      if (known.size() <= i) known.push_back(value.shape());
      if (!expected_) continue;
      hold_finite(value, caddie::text_of(place) + ": the value behind it");
      // Between products and attention, vectors may be wider than a head.
      if (place.site == Site::kQueryKey || place.site == Site::kValue) continue;
      const std::vector<Shape>& wanted = (*expected_)[place.site];
      hold(i >= wanted.size() || value.shape() == wanted[i], "{}: the value behind it is {}; wanted {}",
           caddie::text_of(place), value.shape(), i < wanted.size() ? wanted[i] : Shape());
    }
  }
  std::map<Site, std::vector<Shape>> shapes;

 private:
  std::map<Site, std::vector<Shape>>* expected_;
};

/// Returns the loss at each position of the sample batch, in nats.
Tensor losses_of(Model& model, Mode mode) {
  const Batch batch = sample_batch(3);
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids inputs = place_ids(tape, batch.inputs.data(), batch.rows, batch.length);
  Ids targets = place_ids(tape, batch.targets.data(), batch.rows, batch.length);
  return clone(model.losses(inputs, targets, mode, Progress()).value());
}

/// Returns the logits of two rows of tokens.
Tensor logits_of(Model& model, Mode mode, const std::vector<int32_t>& tokens) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(tape, tokens.data(), 2, int64_t(tokens.size()) / 2);
  return clone(model.logits(ids, mode, Progress()).value());
}

int64_t calls_of(const Experiment& experiment, const Subject& subject, Mode mode) {
  for (const Technique& part : experiment.model->parts().of(subject.kind()))
    if (part.plugin == subject.name()) return part.calls->in[size_t(mode)];
  throw Breach{"the experiment that names it has no such part"};
}

/// Checks that an evaluation passes over what acts in training only.
void look_at_rest(const Subject& subject, const Experiment& with, const Tensor& without) {
  hold(subject.slot().count == Slot::Count::kMany,
       "its card says training_only, and a model cannot do without a plugin of kind {}", subject.slot().name);
  hold(same_bits(losses_of(*with.model, Mode::kEvaluate), without),
       "its card says training_only, and the losses of an evaluation change with it");
  hold(calls_of(with, subject, Mode::kEvaluate) == 0,
       "its card says training_only, and an evaluation calls it");
}

/// Returns the name with a star for each number, which copies of a weight in several layers share.
std::string pattern_of(const std::string& name) {
  std::string pattern;
  for (char c : name) {
    bool digit = c >= '0' && c <= '9';
    if (!digit)
      pattern += c;
    else if (!pattern.ends_with('*'))
      pattern += '*';
  }
  return pattern;
}

/// Runs a training step's gradient over the sample batch, through the views.
std::vector<Tensor> gradients_of(Model& model) {
  const Batch batch = sample_batch(3);
  ViewedWeights views(model);
  views.refresh(Progress(), Mode::kTrain, true);
  GradientSum sum(model, 1, 1024);
  double loss = sum.run({&batch, 1}, views.values(), Progress());
  hold(std::isfinite(loss), "the loss of a training pass is {}", loss);
  views.pull(sum.gradients());
  return clones(sum.gradients());
}

void look_at_reached(Model& model) {
  std::vector<Tensor> gradients = gradients_of(model);
  for (int i = 0; i < model.weights().size(); ++i) {
    const Tensor& gradient = gradients[size_t(i)];
    if (gradient.defined()) hold_finite(gradient, "the gradient of " + model.weights().info(i).name);
  }
  hold_for_weights(model, "gets no gradient", [&](int i) {
    const Tensor& gradient = gradients[size_t(i)];
    return gradient.defined() && squared_norm(gradient) > 0;
  });
}

/// Collects "name = 'word'" for each word of each setting that lists its words.
struct WordSettings final : Settings {
  std::vector<std::string> all;
  void visit(const Setting& setting) override {
    for (const std::string& word : setting.range.words)
      all.push_back(std::string(setting.name) + " = '" + word + "'");
  }
};

}  // namespace

void hold_for_weights(const Model& model, const char* otherwise, const std::function<bool(int)>& alive) {
  struct Copies {
    int all = 0, living = 0;
    std::string dead;
  };
  std::map<std::string, Copies> by_pattern;
  for (int i = 0; i < model.weights().size(); ++i) {
    Copies& copies = by_pattern[pattern_of(model.weights().info(i).name)];
    ++copies.all;
    if (alive(i))
      ++copies.living;
    else
      copies.dead = model.weights().info(i).name;
  }
  for (const auto& [pattern, copies] : by_pattern)
    hold(copies.living >= std::max(1, copies.all - 1), "{} {} ({} of {} such weights do)", copies.dead,
         otherwise, copies.living, copies.all);
}

void look_at_passes(const Subject& subject) {
  Experiment plain = filled(subject.plain()), with = filled(subject.experiment());
  bool rests = subject.entry().card.training_only, optional = subject.slot().count == Slot::Count::kMany;
  for (Mode mode : {Mode::kTrain, Mode::kEvaluate}) {
    ShapeWatch expected;
    Tensor without;
    {
      Listening listening(plain, expected);
      without = losses_of(*plain.model, mode);
    }
    if (rests && mode == Mode::kEvaluate) {
      look_at_rest(subject, with, without);
      continue;
    }
    ShapeWatch watch(&expected.shapes);
    Listening listening(with, watch);
    Tensor losses = losses_of(*with.model, mode);
    hold_finite(losses, std::string("the loss in ") + text_of(mode));
    hold(calls_of(with, subject, mode) > 0, "a pass in {} never calls it", text_of(mode));
    hold(!optional || !same_bits(losses, without), "it changes no loss in {}", text_of(mode));
  }
}

void look_at_future_tokens(const Subject& subject) {
  Experiment with = filled(subject.experiment());
  std::vector<int32_t> tokens = sample_batch(3).inputs, other = tokens;
  int64_t length = int64_t(tokens.size()) / 2, changed = 7;
  for (int64_t row = 0; row < 2; ++row) {
    int32_t& token = other[size_t(row * length + changed)];
    token = (token + 11) % 31;
  }
  for (Mode mode : {Mode::kTrain, Mode::kEvaluate}) {
    Tensor a = logits_of(*with.model, mode, tokens), b = logits_of(*with.model, mode, other);
    int64_t pieces = a.shape().last();
    for (int64_t i = 0; i < a.numel(); ++i) {
      int64_t position = i / pieces % length;
      hold(position >= changed || a.data()[i] == b.data()[i],
           "it sees what comes: in {} a logit of position {} is {}, and {} where token {} is another one",
           text_of(mode), position, a.data()[i], b.data()[i], changed);
    }
  }
}

void look_at_weights_reached(const Subject& subject) {
  Experiment with = filled(subject.experiment());
  look_at_reached(*with.model);
}

void look_at_objective(const Subject& subject) {
  hold(subject.entry().card.training_only, "its card does not say training_only");
  Experiment plain = filled(subject.plain()), with = filled(subject.experiment());
  look_at_rest(subject, with, losses_of(*plain.model, Mode::kEvaluate));
  for (const WeightInfo& info : with.model->weights().infos())
    hold(info.training_only == (info.owner == subject.name()),
         "{} is not declared by add_for_training(), as weights of objectives are", info.name);
  const Batch batch = sample_batch(3);
  GradientSum without(*plain.model, 1, 1024), sum(*with.model, 1, 1024);
  double loss = without.run({&batch, 1}, plain.model->weights().values(), Progress());
  double same = sum.run({&batch, 1}, with.model->weights().values(), Progress());
  hold(same == loss, "the cross entropy is {} with it and {} without", same, loss);
  hold(sum.terms().size() == 1, "it adds {} terms", sum.terms().size());
  hold(std::isfinite(sum.terms()[0]) && sum.terms()[0] != 0, "its term is {} in the mean", sum.terms()[0]);
  bool changes = false;
  for (int i = 0; i < plain.model->weights().size(); ++i) {
    int other = with.model->weights().find(plain.model->weights().info(i).name);
    changes = changes || !same_bits(sum.gradients()[size_t(other)], without.gradients()[size_t(i)]);
  }
  hold(changes, "the gradients of the model are the same without it");
}

void look_at_view(const Subject& subject) {
  WordSettings words;
  subject.make<Plugin>()->settings(words);
  words.all.emplace_back("enabled = true");  // stands for all defaults
  bool changes = false;
  for (const std::string& setting : words.all) {
    Experiment with = filled(subject.experiment({"techniques." + subject.name() + "." + setting}));
    std::span<const Tensor> weights = with.model->weights().values();
    ViewedWeights views(*with.model);
    for (Mode mode : {Mode::kEvaluate, Mode::kTrain}) {
      views.refresh(Progress(), mode, false);
      for (size_t i = 0; i < weights.size(); ++i) {
        const std::string& weight = with.model->weights().info(int(i)).name;
        const Tensor& seen = views.values()[i];
        hold(seen.shape() == weights[i].shape(), "with {} it shows {} as {}; wanted {}", setting, weight,
             seen.shape(), weights[i].shape());
        hold_finite(seen, message("with {} what it shows of {}", {setting, weight}));
      }
    }
    changes = changes || !same_bits(views.values(), weights);
    look_at_reached(*with.model);
  }
  hold(changes, "it shows every weight as it is in training");
}

}  // namespace caddie
