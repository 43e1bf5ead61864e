// SPDX-License-Identifier: Apache-2.0
// A recursive-descent parser makes a tree of nodes, which is evaluated with the values of the names.
#include "sweep/expression.h"

#include <caddie/error.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

#include "base/exit_code.h"
#include "config/path.h"

namespace caddie {
namespace {

bool is_quote(char c) { return c == '"' || c == '\''; }

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-' || c == '+';
}

/// Returns the end of a word that begins at `position`. A part of a path may stand in quotes, which the word
/// then includes: techniques."a.b".enabled.
size_t end_of_word(std::string_view text, size_t position) {
  while (position < text.size()) {
    if (is_word(text[position]))
      ++position;
    else if (is_quote(text[position]) && text[position - 1] == '.')
      position += std::min(end_of_quoted(text.substr(position)), text.size() - position);
    else
      break;
  }
  return position;
}

/// Returns the next token from `position` on, and moves `position` behind it; "" at the end.
std::string next_token(std::string_view text, size_t& position) {
  while (position < text.size() && std::isspace(static_cast<unsigned char>(text[position]))) ++position;
  size_t start = position;
  if (start == text.size()) return "";
  char first = text[position++];
  if (is_quote(first)) {
    while (position < text.size() && text[position] != first) ++position;
    position = std::min(position + 1, text.size());
  } else if (is_word(first)) {
    position = end_of_word(text, position);
  } else if (position < text.size() && text[position] == '=') {
    ++position;
  }
  return std::string(text.substr(start, position - start));
}

}  // namespace

constinit const Expression::Comparison Expression::kComparisons[] = {
    {"==", Kind::kEqual},  {"!=", Kind::kUnequal}, {"<", Kind::kLess},
    {"<=", Kind::kAtMost}, {">", Kind::kMore},     {">=", Kind::kAtLeast}};

class Expression::Parser {
 public:
  Parser(const std::string& text, const std::string& where) : text_(text), where_(where) { advance(); }

  Node parse() {
    Node node = either();
    if (!token_.empty()) unexpected("'and', 'or' or the end");
    return node;
  }

 private:
  void advance() {
    constexpr int kMostTokens = 2000;  // The limit bounds the depth of the recursion.
    if (++tokens_ > kMostTokens)
      fail_usage("{}: a condition of more than {} words and signs; write a shorter one", where_, kMostTokens);
    token_ = next_token(text_, position_);
  }

  [[noreturn]] void unexpected(std::string_view wanted) const {
    fail_usage("{}: \"{}\": found {}; wanted {}", where_, text_,
               token_.empty() ? "the end" : "'" + token_ + "'", wanted);
  }

  bool accept(std::string_view token) {
    if (token_ != token) return false;
    advance();
    return true;
  }

  Node either() {
    Node node = both();
    while (accept("or")) node = {Kind::kOr, false, {std::move(node), both()}};
    return node;
  }

  Node both() {
    Node node = negated();
    while (accept("and")) node = {Kind::kAnd, false, {std::move(node), negated()}};
    return node;
  }

  Node negated() {
    if (accept("not")) return {Kind::kNot, false, {negated()}};
    Node left = operand();
    for (const Comparison& comparison : kComparisons) {
      if (comparison.token != token_) continue;
      advance();
      return {comparison.kind, false, {std::move(left), operand()}};
    }
    return left;
  }

  Node operand() {
    if (accept("(")) {
      Node node = either();
      if (!accept(")")) unexpected("')'");
      return node;
    }
    std::string token = token_;
    char first = token.empty() ? ' ' : token[0];
    bool quoted = is_quote(first);
    if (token == "and" || token == "or" || !(quoted || is_word(first))) unexpected("a name or a value");
    if (quoted && (token.size() < 2 || token.back() != first)) unexpected("a closing quote");
    advance();
    if (quoted) return {Kind::kValue, token.substr(1, token.size() - 2)};
    Value value = value_of_toml(token);
    if (!std::holds_alternative<std::string>(value)) return {Kind::kValue, value};
    if (token.find_first_of("\"'") == token.npos) return {Kind::kName, value};
    return {Kind::kName, one_spelling(token)};
  }

  /// Returns a path with quotes as settings are called, with quotes only where they must be.
  std::string one_spelling(const std::string& path) const {
    std::string spelled;
    try {
      for (const std::string& name : split_path(path)) spelled = join_path(spelled, name);
    } catch (const Error& error) {
      fail_usage("{}: \"{}\": {}", where_, text_, error.what());
    }
    return spelled;
  }

  const std::string& text_;
  const std::string& where_;
  size_t position_ = 0;
  int tokens_ = 0;
  std::string token_;
};

Expression::Expression(std::string text, std::string where)
    : text_(std::move(text)), where_(std::move(where)) {
  root_ = Parser(text_, where_).parse();
  find_pairs(root_);
}

void Expression::find_pairs(const Node& node) {
  auto names = [&](size_t child) { return std::get_if<std::string>(&node.children[child].value); };
  if (node.children.size() == 2 && node.children[0].kind == Kind::kName &&
      node.children[1].kind == Kind::kName && node.kind != Kind::kAnd && node.kind != Kind::kOr)
    pairs_.push_back({*names(0), *names(1)});
  for (const Node& child : node.children) find_pairs(child);
}

bool Expression::holds(const Lookup& lookup) const { return truth(root_, lookup); }

bool Expression::truth(const Node& node, const Lookup& lookup) const {
  if (node.kind == Kind::kNot) return !truth(node.children[0], lookup);
  if (node.kind == Kind::kAnd) return truth(node.children[0], lookup) && truth(node.children[1], lookup);
  if (node.kind == Kind::kOr) return truth(node.children[0], lookup) || truth(node.children[1], lookup);
  if (node.kind != Kind::kValue && node.kind != Kind::kName) return compare(node, lookup);
  std::optional<Value> found = value(node, lookup);
  if (!found) return false;
  if (const double* number = std::get_if<double>(&*found); number && (*number == 0 || *number == 1))
    return *number == 1;
  if (!std::holds_alternative<bool>(*found))
    fail_usage("{}: \"{}\": a condition must be true or false; compare the value with something", where_,
               text_);
  return std::get<bool>(*found);
}

std::optional<Expression::Value> Expression::value(const Node& node, const Lookup& lookup) const {
  if (node.kind == Kind::kValue) return node.value;
  if (node.kind == Kind::kName) return lookup(std::get<std::string>(node.value));
  return truth(node, lookup);
}

bool Expression::compare(const Node& node, const Lookup& lookup) const {
  std::optional<Value> left = value(node.children[0], lookup), right = value(node.children[1], lookup);
  if (!left || !right) return false;
  if (left->index() != right->index()) {
    auto is_this = [&](const Comparison& comparison) { return comparison.kind == node.kind; };
    std::string_view token = std::find_if(kComparisons, std::end(kComparisons), is_this)->token;
    fail_usage("{}: \"{}\": the two sides of {} are of different types; texts stand in quotes", where_, text_,
               token);
  }
  switch (node.kind) {
    case Kind::kEqual:
      return *left == *right;
    case Kind::kUnequal:
      return *left != *right;
    case Kind::kLess:
      return *left < *right;
    case Kind::kAtMost:
      return *left <= *right;
    case Kind::kMore:
      return *left > *right;
    default:
      return *left >= *right;
  }
}

}  // namespace caddie
