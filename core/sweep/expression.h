// SPDX-License-Identifier: Apache-2.0
// Conditions as a user writes them: "model.dim == 384 and not hash", "val_bpb < 1.2".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace caddie {

/// Names (dotted), numbers, "texts", true and false; == != < <= > >=; not, and, or; parentheses.
/// A name alone must be a switch. A comparison with something that has no value is false.
class Expression {
 public:
  using Value = std::variant<bool, double, std::string>;
  /// The value of a name; nothing when it has none. Throws for a name that cannot be right.
  using Lookup = std::function<std::optional<Value>(const std::string& name)>;

  /// Parses `text`. Throws Error(2) that begins with `where` and shows what was not understood.
  Expression(std::string text, std::string where);

  /// Throws Error(2) when values of different types are compared.
  bool holds(const Lookup& lookup) const;

  const std::string& text() const { return text_; }

 private:
  struct Node {
    std::string kind;  // "value", "name", "not", "and", "or", or a comparison
    Value value = false;
    std::vector<Node> children = {};
  };
  class Parser;
  bool truth(const Node& node, const Lookup& lookup) const;
  bool compare(const Node& node, const Lookup& lookup) const;
  std::optional<Value> value(const Node& node, const Lookup& lookup) const;

  std::string text_, where_;
  Node root_;
};

/// A value as TOML writes it: 3 and 3.0 are equal numbers, quotes are taken off, the rest is text as it
/// stands.
Expression::Value value_of_toml(std::string_view text);

}  // namespace caddie
