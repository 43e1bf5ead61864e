// SPDX-License-Identifier: Apache-2.0
// Plugins for tests: opened by name with settings given in code, alone or with a stand-in for the forward
// pass of a model.
#pragma once

#include <caddie/plugin.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "laws/samples.h"
#include "ops/later_ids.h"
#include "plugin/registry.h"
#include "support/gradient_check.h"
#include "tensor/same_bits.h"

namespace caddie::testing {

/// The plugins that were built with these tests, and those in the folders of CADDIE_PLUGINS.
inline Registry& registry() {
  static Registry all;
  return all;
}
inline const PluginEntry& plugin_entry(const std::string& name) {
  return *registry().open(name, "test").entry;
}

/// The names of all plugins of a kind; there is at least one.
inline std::vector<std::string> plugins_of(Kind kind) {
  std::vector<std::string> names;
  for (const PluginFile& file : registry().files())
    if (plugin_entry(file.name).kind == kind) names.push_back(file.name);
  INFO("kind " << name_of(kind));
  REQUIRE_FALSE(names.empty());
  return names;
}

inline bool finite(const Tensor& x) {
  return std::all_of(x.data(), x.data() + x.numel(), [](float value) { return std::isfinite(value); });
}

/// A setting as a switch, a number (of any numeric type) or text; text can stand for the others too.
using Value = std::variant<bool, double, std::string, std::vector<double>>;
using Values = std::vector<std::pair<std::string, Value>>;

/// Writes the given values into the settings it visits.
class GivenSettings final : public Settings {
 public:
  explicit GivenSettings(const Values& values) : unread_(values) {}
  void finish() const {
    check(unread_.empty(), "no setting is called \"{}\"", unread_.empty() ? "" : unread_[0].first);
  }

 private:
  void visit(const Setting& setting) override {
    auto given =
        std::find_if(unread_.begin(), unread_.end(), [&](auto& v) { return v.first == setting.name; });
    if (given == unread_.end()) return;
    std::visit([&](auto* target) { assign(*target, given->second); }, setting.target);
    unread_.erase(given);
  }
  template <class T>
  static void assign(T& target, const Value& value) {
    const std::string* text = std::get_if<std::string>(&value);
    if constexpr (std::is_same_v<T, bool>)
      target = text ? *text == "true" : std::get<bool>(value);
    else if constexpr (std::is_arithmetic_v<T>)
      target = T(text ? std::stod(*text) : std::get<double>(value));
    else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<double>>)
      target = std::get<T>(value);
    else
      fail("tests give no settings of this type");
  }
  Values unread_;
};

/// A plugin of slot type `Slot`: make_plugin<Averager>("ema", {{"decay", 0.9}}).
template <class Slot>
std::unique_ptr<Slot> make_plugin(const std::string& name, const Values& values = {}) {
  std::unique_ptr<Slot> plugin = registry().make<Slot>(name, "test");
  GivenSettings settings(values);
  plugin->settings(settings);
  settings.finish();
  return plugin;
}

/// The shape of a model whose layers each run once.
inline ModelShape each_layer_once(ModelShape model) {
  model.executions = model.matrices = model.layers;
  return model;
}

class ListedWeights final : public Weights {
 public:
  ListedWeights(const ModelShape& model, std::vector<int> layers)
      : model_(each_layer_once(model)), layers_(std::move(layers)) {}
  const ModelShape& model() const override { return model_; }
  const std::vector<int>& layers() const override { return layers_; }
  std::vector<WeightInfo> infos;

 protected:
  Parameter declare(WeightInfo info) override {
    infos.push_back(std::move(info));
    return {int(infos.size()) - 1};
  }

 private:
  ModelShape model_;
  std::vector<int> layers_;
};

/// A plugin with its weights, which are parameters 0 .. infos().size() - 1.
class PluginHost {
 public:
  explicit PluginHost(const std::string& name, const Values& settings = {}, const ModelShape& model = {},
                      std::vector<int> layers = {})
      : entry_(plugin_entry(name)),
        model_(model),
        weights_(model, std::move(layers)),
        plugin_(entry_.make()) {
    GivenSettings given(settings);
    plugin_->settings(given);
    given.finish();
    plugin_->weights(weights_);
  }

  template <class Slot>
  Slot& as() {
    return dynamic_cast<Slot&>(*plugin_);
  }
  const PluginEntry& entry() const { return entry_; }
  const ModelShape& model() const { return model_; }
  const std::vector<WeightInfo>& infos() const { return weights_.infos; }
  const WeightInfo& info(const std::string& name) const {
    for (const WeightInfo& info : infos())
      if (info.name == name) return info;
    throw Error("the plugin declared no weight " + name);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const WeightInfo& info : infos()) names.push_back(info.name);
    return names;
  }
  /// Random values for the weights, followed by `inputs`, which become parameters too.
  std::vector<Tensor> random_weights(const std::vector<Tensor>& inputs = {}) const {
    std::vector<Tensor> tensors;
    for (const WeightInfo& info : infos()) tensors.push_back(random_tensor(info.shape, info.name.c_str()));
    tensors.insert(tensors.end(), inputs.begin(), inputs.end());
    return tensors;
  }
  /// The i-th of those inputs.
  Parameter input(int i) const { return {int(infos().size()) + i}; }

 private:
  const PluginEntry& entry_;
  ModelShape model_;
  ListedWeights weights_;
  std::unique_ptr<Plugin> plugin_;
};

/// A pass over given tokens, with a cache. Tables live on the tape, as long as the gradients that read them.
class TestForward final : public Forward {
 public:
  TestForward(const ModelShape& model, Ids ids, Mode passes = Mode::kTrain) : model_(each_layer_once(model)) {
    shape = &model_;
    executions = model_.executions;
    tokens = ids;
    mode = passes;
  }
  void keep(int key, Var x) override { cache_[key] = x; }
  IndexedRng rng(int key) const override { return {0, "test/" + std::to_string(key)}; }
  Var logits_by_table(Var x) override { return linear(x, token_table); }
  Parameter token_table;  // [V,C], which heads are tied to
  Var kept(int key) const override {
    auto found = cache_.find(key);
    return found == cache_.end() ? Var() : found->second;
  }

 protected:
  Tensor find_table(int64_t, const Shape& table_shape, void (*fill)(void*, float*), void* context) override {
    Var table = result(table_shape);
    fill(context, table.data());
    return table.value();
  }

 private:
  ModelShape model_;
  std::map<int, Var> cache_;
};

/// What was predicted at all positions of one sequence [1,T]; no modifier acts on the logits.
class TestPrediction final : public Prediction {
 public:
  TestPrediction(Var x, Var z, Ids whole_targets) {
    hidden = x;
    logits = z;
    targets = whole_targets;
    sequence_length = targets.length;
    loss = cross_entropy(z, targets);
  }
  Ids targets_after(int64_t steps) override { return later_ids(targets, steps, targets.length); }
  Var modified(Var z) override { return z; }
};

/// `values` as a tensor of that shape.
inline Tensor tensor_of(const Shape& shape, const std::vector<float>& values) {
  Tensor tensor(shape);
  REQUIRE(size_t(tensor.numel()) == values.size());
  std::copy(values.begin(), values.end(), tensor.data());
  return tensor;
}

inline void check_values(const Tensor& y, const std::vector<double>& expected, double tolerance = 2e-6) {
  REQUIRE(size_t(y.numel()) == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO("element " << i);
    CHECK(double(y.data()[i]) == Approx(expected[i]).margin(tolerance).epsilon(tolerance));
  }
}

}  // namespace caddie::testing
