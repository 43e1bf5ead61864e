// SPDX-License-Identifier: Apache-2.0
// Defines a plugin as an experiment uses it: its label, where it acts, and how often it was called.
#pragma once

#include <caddie/error.h>
#include <caddie/plugin.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace caddie {

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

  /// Returns the plugin by its interface. Throws Error when it is of another kind, or when the stage that is
  /// being made comes before the one that its slot counts from.
  template <class Interface>
  Interface& as() const {
    check(!entry || entry->kind == Interface::kKind, "'{}' is no plugin of the kind that it is used as",
          label);
    check(
        StageScope::current() >= stage,
        "'{}' is used in an earlier stage than the row of its slot says: runs that differ in it would share "
        "that stage",
        label);
    if (!calls->any.load(std::memory_order_relaxed)) calls->any = true;  // Threads ask at every site.
    return static_cast<Interface&>(*object);
  }
};

/// Holds a technique that claims weights, such as an optimizer or a quantizer, and the indices of these
/// weights.
struct Routed {
  Technique technique;
  std::vector<int> weights;
};

}  // namespace caddie
