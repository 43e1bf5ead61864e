// SPDX-License-Identifier: Apache-2.0
// Defines a plugin as an experiment uses it: its label, where it acts, and how often it was called.
#pragma once

#include <caddie/error.h>
#include <caddie/plugin.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/at_work.h"

namespace caddie {

/// Gives access to a plugin, which counts as at work, and so is named if it crashes, until the expression
/// that makes this ends.
template <class Interface>
class Call {
 public:
  Call(Interface& object, Worker worker) : work_(worker), object_(object), worker_(worker) {}
  Interface* operator->() const { return &object_; }
  Interface& operator*() const { return object_; }
  operator Interface&() const { return object_; }
  const Worker& worker() const { return worker_; }

 private:
  AtWork work_;
  Interface& object_;
  Worker worker_;
};

/// Refers to a plugin that is called later, and remembers what it is called.
template <class Interface>
class PluginRef {
 public:
  PluginRef(Interface& object) : object_(&object) {}
  PluginRef(const Call<Interface>& call) : object_(&*call), worker_(call.worker()) {}
  Call<Interface> call() const { return {*object_, worker_}; }
  Call<Interface> operator->() const { return call(); }

 private:
  Interface* object_;
  Worker worker_;
};

/// Says that a stage of a run is being made, for as long as the scope lives. It reads nothing of plugins that
/// count from a later stage on, for runs that differ in these share what the stage makes.
class StageScope {
 public:
  explicit StageScope(Stage stage) : before_(current_.exchange(stage)) {}
  ~StageScope() { current_ = before_; }
  StageScope(const StageScope&) = delete;
  StageScope& operator=(const StageScope&) = delete;
  /// Returns the stage that is being made; outside of all scopes any plugin may be asked.
  static Stage current() { return current_; }

 private:
  static inline std::atomic<Stage> current_ = Stage::kNothing;
  Stage before_;
};

/// Refers to a plugin object, which its copies share.
struct Technique {
  std::string label;   // the name of its table in the experiment
  std::string plugin;  // the name of its file
  const PluginEntry* entry = nullptr;
  Layers layers;                          // where it acts, as written
  std::vector<std::string> weights = {};  // patterns of the weights that it claims, if its kind claims any
  bool allow_no_effect = false;           // The experiment says that it may change nothing.
  std::shared_ptr<Plugin> object = {};
  Stage stage = Stage::kSeed;  // the stage that its slot counts from

  /// Counts the calls during training and during evaluation: a technique that was never called changed
  /// nothing.
  struct Calls {
    std::atomic<int64_t> in[2] = {0, 0};  // indexed by Mode
    std::atomic<bool> any = false;        // whether some room has asked it for anything
  };
  std::shared_ptr<Calls> calls = std::make_shared<Calls>();

  Worker worker() const { return {plugin.c_str(), label.c_str()}; }
  /// Returns the plugin, whatever its kind.
  Call<Plugin> any() const { return {*object, worker()}; }

  /// Returns the plugin by its interface; `site` and `layer` say where the model calls it. Throws Error when
  /// it is of another kind, or when the stage that is being made comes before the one that its slot counts
  /// from.
  template <class Interface>
  Call<Interface> as(const char* site = nullptr, int layer = -1) const {
    check(!entry || entry->kind == Interface::kKind, "'{}' is no plugin of the kind that it is used as",
          label);
    check(
        StageScope::current() >= stage,
        "'{}' is used in an earlier stage than the row of its slot says: runs that differ in it would share "
        "that stage",
        label);
    if (!calls->any.load(std::memory_order_relaxed)) calls->any = true;  // Threads ask at every site.
    return {static_cast<Interface&>(*object), {plugin.c_str(), label.c_str(), site, layer}};
  }
};

/// Holds a technique that claims weights, such as an optimizer or a quantizer, and the indices of these
/// weights.
struct Routed {
  Technique technique;
  std::vector<int> weights;
};

}  // namespace caddie
