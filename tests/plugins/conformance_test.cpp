// SPDX-License-Identifier: Apache-2.0
// What every plugin promises, and what techniques promise inside a model. These tests walk the registry, so a
// new technique is held to them without being named; conformance_alone_test.cpp has the promises of each
// kind.
#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <regex>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "config/describe.h"
#include "experiment/experiment.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// The same numbers for weights of the same name, in whatever model.
Experiment make_random(const std::vector<std::string>& changes) {
  Experiment experiment = small_experiment(changes);
  fill_by_name(*experiment.model);
  return experiment;
}

const Batch& batch() {
  static const Batch two_rows = [] {
    Batch made{{}, {}, 2, 12};
    Rng rng(3, "tokens");
    for (int i = 0; i < 24; ++i) {
      made.inputs.push_back(int32_t(rng.below(31)));
      made.targets.push_back(int32_t(rng.below(31)));
    }
    return made;
  }();
  return two_rows;
}

Tensor losses_of(Model& model, Mode mode) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids inputs = place_ids(tape, batch().inputs.data(), 2, 12);
  Ids targets = place_ids(tape, batch().targets.data(), 2, 12);
  return clone(model.losses(inputs, targets, mode, Progress()).value());
}

/// Checks that what acts in training only is passed over by evaluations, and is no part that a model needs.
void check_rests_in_evaluation(const Slot& slot, const Experiment& experiment, const Tensor& without) {
  CHECK(slot.count == Slot::Count::kMany);
  CHECK(same_bits(losses_of(*experiment.model, Mode::kEvaluate), without));
  CHECK(experiment.model->parts().one(slot.kind).calls->in[size_t(Mode::kEvaluate)] == 0);
}

/// Checks that alive(i) holds for each weight i. Of the copies of a weight in several layers one may rest,
/// for the first layer has none before it to look back to; copies have names that differ in their numbers.
template <class Alive>
void check_weights(const Model& model, const char* promise, Alive alive) {
  struct Copies {
    int all = 0, living = 0;
  };
  std::map<std::string, Copies> by_pattern;
  for (int i = 0; i < model.weights().size(); ++i) {
    static const std::regex number("[0-9]+");
    Copies& copies = by_pattern[std::regex_replace(model.weights().info(i).name, number, "*")];
    ++copies.all;
    copies.living += alive(i);
  }
  for (const auto& [pattern, copies] : by_pattern) {
    INFO(pattern << ": " << promise);
    CHECK(copies.living >= std::max(1, copies.all - 1));
  }
}

void check_gradients_arrive(Experiment& experiment) {
  Model& model = *experiment.model;
  ViewedWeights views(model);
  views.refresh(Progress(), Mode::kTrain, true);
  GradientSum sum(model, 1, 1024);
  CHECK(std::isfinite(sum.run({&batch(), 1}, views.values(), Progress())));
  views.pull(sum.gradients());
  for (const Tensor& gradient : sum.gradients()) CHECK((!gradient.defined() || finite(gradient)));
  check_weights(model, "gets a gradient", [&](int i) {
    const Tensor& gradient = sum.gradients()[size_t(i)];
    return gradient.defined() && squared_norm(gradient) > 0;
  });
}

struct Training {
  Experiment experiment;
  std::vector<Tensor> initial;
  std::vector<double> losses;
};

Training train(const std::vector<std::string>& changes) {
  Training t{small_experiment(changes), {}, {}};
  Model& model = *t.experiment.model;
  model.initialize(t.experiment.only<Initializer>(), 7);
  for (const Tensor& value : model.weights().values()) t.initial.push_back(clone(value));
  Trainer trainer(model, t.experiment.optimizers, t.experiment.only<Schedule>(), t.experiment.train,
                  t.experiment.budget);
  for (int step = 0; step < 4; ++step) t.losses.push_back(trainer.step({&batch(), 1}).loss);
  return t;
}

/// Reads a fresh plugin's settings from the tree and gives them back as text.
std::string settings_text(const std::string& name, Tree& tree) {
  std::unique_ptr<Plugin> plugin(plugin_entry(name).make());
  tree.read("plugin", [&](Settings& s) { plugin->settings(s); });
  tree.check_all_read();
  return tree.canonical();
}

/// "name = 'word'" for each word of each setting that lists its words.
struct WordSettings final : Settings {
  std::vector<std::string> all;
  void visit(const Setting& setting) override {
    for (const std::string& word : setting.range.words)
      all.push_back(std::string(setting.name) + " = '" + word + "'");
  }
};

}  // namespace

TEST_CASE("every plugin says what it is and what its settings mean", "[conformance]") {
  for (const PluginFile& file : registry().files()) {
    INFO(file.name);
    const PluginEntry& entry = plugin_entry(file.name);
    std::string summary = entry.card.summary;
    CHECK(summary.size() > 1);
    CHECK(summary.ends_with('.'));
    CHECK((entry.kind == Kind::kModifier) == (entry.sites != 0));
    std::unique_ptr<Plugin> plugin(entry.make());
    for (const SettingInfo& setting : describe([&](Settings& s) { plugin->settings(s); })) {
      INFO(setting.name);
      CHECK_FALSE(setting.help.empty());
    }
  }
}

TEST_CASE("every plugin names its source", "[conformance]") {
  for (const PluginFile& file : registry().files()) {
    INFO(file.name);
    CHECK_FALSE(std::string(plugin_entry(file.name).card.source).empty());
  }
}

TEST_CASE("defaults lie in their ranges and survive a round trip through TOML", "[conformance]") {
  for (const PluginFile& file : registry().files()) {
    INFO(file.name);
    Tree nothing = Tree::parse("", "defaults");
    std::string defaults = settings_text(file.name, nothing);
    Tree written = Tree::parse(nothing.resolved(), "resolved");  // reading what is written checks its range
    std::string again;
    CHECK_NOTHROW(again = settings_text(file.name, written));
    CHECK(again == defaults);
  }
}

TEST_CASE("what acts in training moves all weights, twice to the same bits", "[conformance]") {
  for (const Slot& slot : slot_table()) {
    if (slot.stage != Stage::kTrain) continue;
    for (const std::string& name : plugins_of(slot.kind)) {
      INFO(name);
      Training one = train(use_of(name)), other = train(use_of(name));
      CHECK(one.losses == other.losses);
      auto values = one.experiment.model->weights().values();
      CHECK(same_bits(values, other.experiment.model->weights().values()));
      check_weights(*one.experiment.model, "moves within four steps",
                    [&](int i) { return !same_bits(values[size_t(i)], one.initial[size_t(i)]); });
    }
  }
}

TEST_CASE("parts of the model are called in both modes, and those that it can do without change the loss",
          "[conformance]") {
  Experiment base = make_random({});
  Tensor without = losses_of(*base.model, Mode::kTrain);
  for (const Slot& slot : slot_table()) {
    if (slot.effect_check != Slot::EffectCheck::kLogits) continue;
    for (const std::string& name : plugins_of(slot.kind)) {
      INFO("[" << slot.path << "] " << name);
      Experiment experiment = make_random(use_of(name));
      bool rests = plugin_entry(name).card.training_only;
      if (rests) check_rests_in_evaluation(slot, experiment, without);
      for (Mode mode : {Mode::kTrain, Mode::kEvaluate}) {
        if (rests && mode == Mode::kEvaluate) continue;
        Tensor with = losses_of(*experiment.model, mode);
        CHECK(with.shape() == without.shape());
        CHECK(finite(with));
        if (slot.count != Slot::Count::kOne) CHECK_FALSE(same_bits(with, without));
        CHECK(experiment.model->parts().one(slot.kind).calls->in[size_t(mode)] > 0);
      }
      check_gradients_arrive(experiment);
    }
  }
}

TEST_CASE("objectives change the gradients of training, and nothing that an evaluation sees",
          "[conformance]") {
  Experiment base = make_random({});
  Tensor without = losses_of(*base.model, Mode::kEvaluate);
  GradientSum plain(*base.model, 1, 1024);
  double loss = plain.run({&batch(), 1}, base.model->weights().values(), Progress());
  for (const std::string& name : plugins_of(Kind::kObjective)) {
    INFO(name);
    CHECK(plugin_entry(name).card.training_only);
    Experiment experiment = make_random(use_of(name));
    Model& model = *experiment.model;
    check_rests_in_evaluation(slot_of(Kind::kObjective), experiment, without);
    for (const WeightInfo& info : model.weights().infos()) CHECK(info.training_only == (info.owner == name));
    GradientSum with(model, 1, 1024);
    CHECK(with.run({&batch(), 1}, model.weights().values(), Progress()) == loss);
    REQUIRE(with.terms().size() == 1);
    CHECK(std::isfinite(with.terms()[0]));
    CHECK(with.terms()[0] != 0);
    int changed = 0;
    for (int i = 0; i < base.model->weights().size(); ++i) {
      int same = model.weights().find(base.model->weights().info(i).name);
      changed += !caddie::same_bits(with.gradients()[size_t(same)], plain.gradients()[size_t(i)]);
    }
    CHECK(changed > 0);
    check_gradients_arrive(experiment);
  }
}

TEST_CASE("views change a weight in training unless told otherwise, and pass gradients", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kView)) {
    WordSettings words;
    std::unique_ptr<Plugin>(plugin_entry(name).make())->settings(words);
    words.all.emplace_back("enabled = true");  // all defaults
    int changed = 0;
    for (const std::string& setting : words.all) {
      INFO(name << " with " << setting);
      std::vector<std::string> changes = use_of(name);
      changes.push_back("techniques." + name + "." + setting);
      Experiment experiment = make_random(changes);
      std::span<const Tensor> weights = experiment.model->weights().values();
      ViewedWeights views(*experiment.model);
      for (Mode mode : {Mode::kEvaluate, Mode::kTrain}) {
        views.refresh(Progress(), mode, false);
        for (size_t i = 0; i < weights.size(); ++i) {
          CHECK(views.values()[i].shape() == weights[i].shape());
          CHECK(finite(views.values()[i]));
        }
      }
      changed += !same_bits(views.values(), weights);
      check_gradients_arrive(experiment);
    }
    INFO(name);
    CHECK(changed > 0);
  }
}
