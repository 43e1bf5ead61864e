// SPDX-License-Identifier: Apache-2.0
// Defines laws, which are the promises that every plugin of a kind keeps. A law looks at one plugin and says
// in one sentence what is broken.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiment/experiment.h"
#include "plugin/registry.h"

namespace caddie {

/// Is a plugin that is held to laws, with the settings under which it is tried.
class Subject {
 public:
  /// `settings` are assignments such as "order=3"; all others keep their defaults. `program` is the program
  /// caddie, which laws start to see what the plugin does in another process; without it they do not. The
  /// registry gets the plain parts of plain_parts.h, and must outlive the subject.
  Subject(Registry& registry, std::string name, std::vector<std::string> settings = {},
          std::filesystem::path program = {});

  const std::string& name() const { return name_; }
  const PluginEntry& entry() const { return *entry_; }
  Kind kind() const { return entry_->kind; }
  const Slot& slot() const { return slot_of(entry_->kind); }
  std::span<const std::string> settings() const { return settings_; }
  const std::filesystem::path& program() const { return program_; }
  /// Returns the plugin's library; empty where it is a part of the program.
  const std::filesystem::path& library() const { return library_; }

  /// Returns a new object of the plugin with the subject's settings and `more` of them.
  template <class Interface>
  std::unique_ptr<Interface> make(const std::vector<std::string>& more = {}) const {
    return std::unique_ptr<Interface>(static_cast<Interface*>(made(more).release()));
  }
  /// Tells whether the plugin has a setting of that name.
  bool has_setting(std::string_view name) const;

  /// Returns the plain experiment with the plugin in its slot, and further `changes` as on the command line.
  /// Its weights are zeros.
  Experiment experiment(std::vector<std::string> changes = {}) const;
  /// Returns the plain experiment without the plugin.
  Experiment plain(std::vector<std::string> changes = {}) const;

 private:
  std::unique_ptr<Plugin> made(const std::vector<std::string>& more) const;

  Registry& registry_;
  std::string name_;
  std::vector<std::string> settings_;
  std::filesystem::path program_, library_;
  const PluginEntry* entry_;
};

/// Is one promise.
struct Law {
  std::string_view name;     // a few words, such as "gradients"
  std::string_view promise;  // what holds, in a sentence
  /// Tells whether plugins of a kind make this promise.
  bool (*concerns)(Kind kind);
  /// Looks at the plugin. Throws Breach or any exception when the promise is broken, and DoesNotApply when
  /// the plugin cannot make it.
  void (*look)(const Subject& subject);
};

/// Returns all laws, the quick ones first.
std::span<const Law> all_laws();
/// Returns the laws that plugins of a kind are held to.
std::vector<const Law*> laws_of(Kind kind);

/// Says whether a plugin keeps a law.
struct LawFinding {
  enum class Outcome { kKept, kBroken, kDoesNotApply };
  Outcome outcome = Outcome::kKept;
  /// Says what is broken, or why the law does not apply: the plugin, the place and the numbers in a sentence.
  std::string why;
};

/// Holds a plugin to a law. What the plugin throws breaks the law; nothing is thrown.
LawFinding hold_to(const Law& law, const Subject& subject);

/// Is thrown by a law that is broken.
struct Breach {
  std::string why;
};
/// Is thrown by a law that a plugin cannot keep or break.
struct DoesNotApply {
  std::string why;
};

/// Throws Breach with the message unless `ok`.
template <class... A>
void hold(bool ok, const char* format, const A&... arguments) {
  if (!ok) [[unlikely]]
    throw Breach{message(format, {Text(arguments)...})};
}

/// Tells whether an action throws Error, as plugins must on damaged input.
template <class Action>
bool refuses(Action action) {
  try {
    action();
  } catch (const Error&) {
    return true;
  }
  return false;
}

}  // namespace caddie
