// SPDX-License-Identifier: Apache-2.0
// Reads all of both trees and compares the values of all paths.
#include "config/differences.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "config/read_all.h"

namespace caddie {
namespace {

/// Returns the values of a tree by path.
std::map<std::string, std::string> values_of(Tree tree) {
  read_all(tree);
  std::map<std::string, std::string> values;
  for (const Tree::Value& value : tree.values()) values[value.path] = value.text;
  return values;
}

}  // namespace

std::vector<std::string> differences(Tree before, Tree after) {
  std::map<std::string, std::string> old_values = values_of(std::move(before)),
                                     new_values = values_of(std::move(after));
  std::vector<std::string> lines;
  auto text = [](const std::map<std::string, std::string>& values, const std::string& path) {
    auto found = values.find(path);
    return found == values.end() ? std::string("(none)") : found->second;
  };
  std::map<std::string, std::string> all = old_values;
  all.insert(new_values.begin(), new_values.end());
  for (const auto& [path, unused] : all) {
    std::string was = text(old_values, path), is = text(new_values, path);
    if (was != is) lines.push_back(fmt::format("{}: {} -> {}", path, was, is));
  }
  return lines;
}

}  // namespace caddie
