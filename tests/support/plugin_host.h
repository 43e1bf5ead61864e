// SPDX-License-Identifier: Apache-2.0
// Runs one plugin alone: opens its library, applies settings, declares its weights, and stands in for the
// forward pass of a model.
#pragma once

#include <caddie/plugin.h>
#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/gradient_check.h"

namespace caddie::testing {

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// Writes "name = text" pairs into the settings of those names, and remembers which were found.
class PairSettings final : public Settings {
 public:
  explicit PairSettings(Pairs pairs) : pairs_(std::move(pairs)) {}
  size_t found() const { return found_; }

 private:
  void visit(const Setting& setting) override {
    for (const auto& [name, text] : pairs_)
      if (name == setting.name) {
        std::visit([&, &t = text](auto* target) { write(*target, t); }, setting.target);
        ++found_;
      }
  }
  template <class T>
  static void write(T& target, const std::string& text) {
    if constexpr (std::is_same_v<T, bool>)
      target = text == "true";
    else if constexpr (std::is_arithmetic_v<T>)
      target = static_cast<T>(std::stod(text));
    else if constexpr (std::is_same_v<T, std::string>)
      target = text;
    else
      FAIL("no test writes settings of this type");
  }

  Pairs pairs_;
  size_t found_ = 0;
};

class ListedWeights final : public Weights {
 public:
  ListedWeights(const ModelShape& model, std::vector<int> layers)
      : model_(model), layers_(std::move(layers)) {}
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
  /// `path` is below plugins/ and without suffix: "modifiers/rope".
  explicit PluginHost(const std::string& path, const Pairs& settings = {}, const ModelShape& model = {},
                      std::vector<int> layers = {})
      : model_(model), weights_(model, std::move(layers)) {
    std::string file = std::string(CADDIE_BINARY_DIR) + "/plugins/" + path + ".so";
    void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    INFO(file);
    REQUIRE(library != nullptr);
    auto* entry = reinterpret_cast<const PluginEntry* (*)()>(dlsym(library, kEntryName));
    REQUIRE(entry != nullptr);
    entry_ = entry();
    plugin_.reset(entry_->make());
    PairSettings pairs(settings);
    plugin_->settings(pairs);
    REQUIRE(pairs.found() == settings.size());
    plugin_->weights(weights_);
  }

  template <class Slot>
  Slot& as() {
    return dynamic_cast<Slot&>(*plugin_);
  }
  const PluginEntry& entry() const { return *entry_; }
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
#define CADDIE_TEXT_(x) #x
#define CADDIE_TEXT(x) CADDIE_TEXT_(x)
  static constexpr const char* kEntryName = CADDIE_TEXT(CADDIE_ENTRY);
#undef CADDIE_TEXT
#undef CADDIE_TEXT_
  const PluginEntry* entry_ = nullptr;
  ModelShape model_;
  ListedWeights weights_;
  std::unique_ptr<Plugin> plugin_;
};

/// A pass over given tokens, with a shelf. Tables live on the tape, as long as the gradients that read them.
class TestForward final : public Forward {
 public:
  TestForward(const ModelShape& model, Ids ids, Mode passes = Mode::kTrain) : model_(model) {
    shape = &model_;
    tokens = ids;
    mode = passes;
  }
  void keep(int key, Var x) override { shelf_[key] = x; }
  Var kept(int key) const override {
    auto found = shelf_.find(key);
    return found == shelf_.end() ? Var() : found->second;
  }

 protected:
  Tensor find_table(int64_t, const Shape& table_shape, void (*fill)(void*, float*), void* context) override {
    Var table = result(table_shape);
    fill(context, table.data());
    return table.value();
  }

 private:
  ModelShape model_;
  std::map<int, Var> shelf_;
};

/// `values` as a tensor of that shape.
inline Tensor tensor_of(const Shape& shape, std::vector<float> values) {
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
