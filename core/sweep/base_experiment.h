// SPDX-License-Identifier: Apache-2.0
// The base experiment of a sweep says what holds before an arm changes anything.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/tree.h"

namespace caddie {

class BaseExperiment {
 public:
  /// `overrides` are laid upon what the file says. Throws Error (kUsage) when the file, or one that it
  /// extends, is missing or no TOML.
  explicit BaseExperiment(const std::filesystem::path& file, std::span<const std::string> overrides = {});

  /// Tells whether the file, or one that it extends, writes something at `path`.
  bool has(const std::string& path) const { return tree_.has(path); }
  /// Returns the names below a table that are written.
  std::vector<std::string> children(const std::string& path) const { return tree_.children(path); }

  /// Returns the value at `path` as TOML text: what the files write, or else the default, or else "".
  /// Defaults are unknown, so "", where the base is an experiment only with an arm's changes.
  std::string value(const std::string& path);

  /// Returns everything that is written or laid upon it, in canonical form.
  const std::string& text() const { return text_; }

 private:
  Tree unread_;  // as it is before anything was asked for
  Tree tree_;
  std::string text_;
  // These are all settings with their defaults, found when the first default is asked for.
  std::optional<std::map<std::string, std::string>> resolved_;
};

}  // namespace caddie
