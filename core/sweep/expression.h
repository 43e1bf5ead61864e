// SPDX-License-Identifier: Apache-2.0
// An expression is a condition that a user writes, such as "val_bpb < 1.2" or "model.dim == 384 and not
// hash".
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml_value.h"

namespace caddie {

/// Evaluates a condition of names (dotted, with parts in quotes where they hold dots), numbers, "texts", true
/// and false; == != < <= > >=; not, and, or; parentheses. A name alone must be true or false, or the number 1
/// or 0. A comparison with something that has no value is false.
class Expression {
 public:
  using Value = TomlValue;
  /// Returns the value of a name; nothing when it has none. It throws for a name that cannot be right.
  using Lookup = std::function<std::optional<Value>(const std::string& name)>;

  /// Parses `text`. Throws Error (kUsage) that begins with `where` and shows what was not understood.
  Expression(std::string text, std::string where);

  /// Throws Error (kUsage) when values of different types are compared.
  bool holds(const Lookup& lookup) const;

  const std::string& text() const { return text_; }

  /// Holds the names on the two sides of a comparison.
  struct NamePair {
    std::string left, right;
  };
  /// Returns each pair of names that are compared with each other.
  const std::vector<NamePair>& compared_names() const { return pairs_; }

 private:
  enum class Kind : uint8_t {
    kValue,
    kName,
    kNot,
    kAnd,
    kOr,
    kEqual,
    kUnequal,
    kLess,
    kAtMost,
    kMore,
    kAtLeast
  };
  struct Node {
    Kind kind = Kind::kValue;
    Value value = false;  // a constant, or the name
    std::vector<Node> children = {};
  };
  class Parser;
  struct Comparison {
    std::string_view token;
    Kind kind;
  };
  static const Comparison kComparisons[6];
  bool truth(const Node& node, const Lookup& lookup) const;
  bool compare(const Node& node, const Lookup& lookup) const;
  std::optional<Value> value(const Node& node, const Lookup& lookup) const;

  /// Adds the pairs of names that are compared in a node.
  void find_pairs(const Node& node);

  std::string text_, where_;
  Node root_;
  std::vector<NamePair> pairs_;
};

}  // namespace caddie
