// SPDX-License-Identifier: Apache-2.0
// Defines a plugin as an experiment uses it: its label, where it acts, and how often it was called.
#pragma once

#include <caddie/plugin.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace caddie {

/// Refers to a plugin object, which its copies share.
struct Technique {
  std::string label;   // the name of its table in the experiment
  std::string plugin;  // the name of its file
  const PluginEntry* entry = nullptr;
  Layers layers;                          // where it acts, as written
  std::vector<std::string> weights = {};  // patterns of the weights that it claims, if its kind claims any
  bool allow_no_effect = false;           // The experiment says that it may change nothing.
  std::shared_ptr<Plugin> object = {};

  /// Counts the calls during training and during evaluation: a technique that was never called changed
  /// nothing.
  struct Calls {
    std::atomic<int64_t> in[2] = {0, 0};  // indexed by Mode
  };
  std::shared_ptr<Calls> calls = std::make_shared<Calls>();

  template <class Slot>
  Slot& as() const {
    return static_cast<Slot&>(*object);
  }
};

/// Holds a technique that claims weights, such as an optimizer or a quantizer, and the indices of these
/// weights.
struct Routed {
  Technique technique;
  std::vector<int> weights;
};

}  // namespace caddie
