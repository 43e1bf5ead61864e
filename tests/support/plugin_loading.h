// SPDX-License-Identifier: Apache-2.0
// Plugins for tests: loaded from the build folder, with settings given by name.
#pragma once

#include <caddie/plugin.h>

#include <dlfcn.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace caddie::testing {

#define CADDIE_TEXT_(x) #x
#define CADDIE_TEXT(x) CADDIE_TEXT_(x)

/// The card and the maker of plugins/<folder>/<name>.so, e.g. "averagers", "ema".
inline const PluginEntry& plugin_entry(const std::string& folder, const std::string& name) {
  std::string path = CADDIE_BINARY_DIR "/plugins/" + folder + "/" + name + ".so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  check(library, "{}", library ? "" : dlerror());
  auto* entry = reinterpret_cast<const PluginEntry* (*)()>(dlsym(library, CADDIE_TEXT(CADDIE_ENTRY)));
  check(entry, "{} was built for another SDK", path);
  return *entry();
}

/// One setting as text, number or switch; numbers fit any numeric setting.
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
    if constexpr (std::is_same_v<T, bool>)
      target = std::get<bool>(value);
    else if constexpr (std::is_arithmetic_v<T>)
      target = T(std::get<double>(value));
    else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, std::vector<double>>)
      target = std::get<T>(value);
    else
      fail("tests give no settings of this type");
  }
  Values unread_;
};

/// A plugin of slot type `Slot`: make_plugin<Averager>("averagers", "ema", {{"decay", 0.9}}).
template <class Slot>
std::unique_ptr<Slot> make_plugin(const std::string& folder, const std::string& name,
                                  const Values& values = {}) {
  std::unique_ptr<Slot> plugin(dynamic_cast<Slot*>(plugin_entry(folder, name).make()));
  check(plugin != nullptr, "{}/{} has another slot", folder, name);
  GivenSettings settings(values);
  plugin->settings(settings);
  settings.finish();
  return plugin;
}

/// Keeps what a plugin saves, and hands it to another: save(a); load(b).
class MemoryArchive final : public Archive {
 public:
  void save(Plugin& plugin) {
    loading_ = false;
    plugin.state(*this);
  }
  void load(Plugin& plugin) {
    loading_ = true;
    plugin.state(*this);
  }
  const std::vector<Tensor>& tensors(const std::string& name) const { return tensors_.at(name); }

  void operator()(const char* name, Tensor& tensor) override {
    if (loading_)
      tensor = clone(tensors_.at(name).at(0));
    else
      tensors_[name] = {clone(tensor)};
  }
  void operator()(const char* name, std::vector<Tensor>& tensors) override {
    std::vector<Tensor> copies;
    for (const Tensor& tensor : loading_ ? tensors_.at(name) : tensors) copies.push_back(clone(tensor));
    (loading_ ? tensors : tensors_[name]) = std::move(copies);
  }
  void operator()(const char* name, int64_t& number) override {
    if (loading_)
      number = numbers_.at(name);
    else
      numbers_[name] = number;
  }

 private:
  bool loading_ = false;
  std::map<std::string, std::vector<Tensor>> tensors_;
  std::map<std::string, int64_t> numbers_;
};

inline WeightInfo weight_info(const std::string& name, const Shape& shape, Role role = Role::kMatrix) {
  WeightInfo info;
  info.name = name;
  info.shape = shape;
  info.role = role;
  return info;
}

inline Tensor tensor(const Shape& shape, const std::vector<float>& values) {
  Tensor result(shape);
  check(int64_t(values.size()) == shape.numel(), "tensor: {} numbers for {}", values.size(), shape);
  std::copy(values.begin(), values.end(), result.data());
  return result;
}

}  // namespace caddie::testing
