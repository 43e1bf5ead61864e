// SPDX-License-Identifier: Apache-2.0
// What the base experiment of a sweep says before an arm changes anything.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/tree.h"

namespace caddie {

class BaseExperiment {
 public:
  /// Throws Error(2) when the file, or one that it extends, is missing or no TOML.
  explicit BaseExperiment(std::filesystem::path file);

  /// Whether the file, or one that it extends, writes something at `path`.
  bool has(const std::string& path) const { return tree_.has(path); }
  /// Names below a table that are written.
  std::vector<std::string> children(const std::string& path) const { return tree_.children(path); }

  /// The value at `path` as TOML text, defaults included; empty when there is none, and for defaults of a
  /// base that is no experiment without an arm's changes.
  std::string value(const std::string& path);

  /// Everything that is written, in canonical form.
  const std::string& text() const { return text_; }

 private:
  std::filesystem::path file_;
  Tree tree_;
  std::string text_;
  std::optional<std::map<std::string, std::string>> resolved_;  // found when the first default is asked for
};

}  // namespace caddie
