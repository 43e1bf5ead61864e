// SPDX-License-Identifier: Apache-2.0
// Implements the helpers of settings, and Layers, which resolves a choice of layers for a model.
#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/exit_code.h"
#include "base/text.h"

namespace caddie {
namespace {

/// Reads a whole number of at least 0, which may have white space around it. Returns false for any other
/// text.
bool parse_count(std::string_view text, int& value) {
  text = trimmed(text);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0;
}

/// Reads numbers between commas and sorts them. Returns false when one is no count or occurs twice.
bool parse_list(std::string_view text, std::vector<int>& listed) {
  for (const std::string& part : split(text, ',')) {
    int layer = 0;
    if (!parse_count(part, layer)) return false;
    listed.push_back(layer);
  }
  std::sort(listed.begin(), listed.end());
  return std::adjacent_find(listed.begin(), listed.end()) == listed.end();
}

std::vector<int> consecutive(int begin, int end) {
  std::vector<int> out;
  for (int i = begin; i < end; ++i) out.push_back(i);
  return out;
}

TreeNode leaf(TreeNode::Kind kind, decltype(TreeNode::value) value) {
  TreeNode node;
  node.kind = kind;
  node.value = std::move(value);
  return node;
}

TreeNode value_node(bool v) { return leaf(TreeNode::Kind::boolean, v); }
TreeNode value_node(int v) { return leaf(TreeNode::Kind::integer, int64_t(v)); }
TreeNode value_node(int64_t v) { return leaf(TreeNode::Kind::integer, v); }
TreeNode value_node(double v) { return leaf(TreeNode::Kind::real, v); }
TreeNode value_node(const std::string& v) { return leaf(TreeNode::Kind::string, v); }

/// Returns the double nearest to the shortest decimal text of `v`: 0.1f becomes 0.1, not 0.10000000149.
TreeNode value_node(float v) {
  std::string text = fmt::format("{}", v);
  double decimal = v;
  if (std::isfinite(v)) std::from_chars(text.data(), text.data() + text.size(), decimal);
  return value_node(decimal);
}

TreeNode value_node(const Layers& v) {
  LayerChoice choice;
  return value_node(parse_layers(v.text, choice) ? choice.text() : v.text);
}

template <class T>
TreeNode value_node(const std::vector<T>& values) {
  TreeNode node;
  node.kind = TreeNode::Kind::array;
  for (const T& value : values) {
    node.children.push_back(value_node(value));
    node.children.back().name = std::to_string(node.children.size() - 1);
  }
  return node;
}

const char* type_name(const bool*) { return "boolean"; }
const char* type_name(const int*) { return "integer"; }
const char* type_name(const int64_t*) { return "integer"; }
const char* type_name(const float*) { return "number"; }
const char* type_name(const double*) { return "number"; }
const char* type_name(const std::string*) { return "string"; }
const char* type_name(const std::vector<int64_t>*) { return "array of integers"; }
const char* type_name(const std::vector<double>*) { return "array of numbers"; }
const char* type_name(const std::vector<std::string>*) { return "array of strings"; }
const char* type_name(const Layers*) { return "layers"; }

/// Tells whether the value of a setting's type lies in a range.
struct InRange {
  const Range& range;

  template <class Number>
  bool operator()(const Number& value) const {
    return is_in_range(range, double(value));
  }
  bool operator()(const bool&) const { return true; }
  bool operator()(const std::string& value) const { return is_in_range(range, value); }
  bool operator()(const Layers& value) const {
    LayerChoice choice;
    return parse_layers(value.text, choice);
  }
  template <class T>
  bool operator()(const std::vector<T>& values) const {
    return std::all_of(values.begin(), values.end(), *this);
  }
};

}  // namespace

Settings::~Settings() = default;

std::string LayerChoice::text() const {
  switch (form) {
    case Form::all:
      return "all";
    case Form::none:
      return "none";
    case Form::first:
      return fmt::format("first {}", count);
    case Form::last:
      return fmt::format("last {}", count);
    case Form::listed:
      return fmt::format("{}", fmt::join(listed, ","));
  }
  return "";
}

bool parse_layers(const std::string& text, LayerChoice& choice) {
  using Form = LayerChoice::Form;
  std::string_view words = trimmed(text);
  choice = {};
  if (words == "all") return true;
  if (words == "none") return choice.form = Form::none, true;
  if (words.starts_with("first "))
    return choice.form = Form::first, parse_count(words.substr(6), choice.count);
  if (words.starts_with("last ")) return choice.form = Form::last, parse_count(words.substr(5), choice.count);
  choice.form = Form::listed;
  return parse_list(words, choice.listed);
}

std::vector<int> Layers::resolve(int count) const {
  using Form = LayerChoice::Form;
  LayerChoice choice;
  if (!parse_layers(text, choice)) {
    fail_usage(
        "layers: '{}' is no choice of layers; wanted \"all\", \"none\", \"first 2\", "
        "\"last 4\" or \"7,8\"",
        text);
  }
  int highest = choice.form == Form::listed ? choice.listed.back() + 1 : choice.count;
  if (highest > count)
    fail_usage("layers: '{}' needs at least {} layers; the model has {}", text, highest, count);
  switch (choice.form) {
    case Form::all:
      return consecutive(0, count);
    case Form::none:
      return {};
    case Form::first:
      return consecutive(0, choice.count);
    case Form::last:
      return consecutive(count - choice.count, count);
    case Form::listed:
      return choice.listed;
  }
  return {};
}

bool Layers::contains(int layer, int count) const {
  std::vector<int> layers = resolve(count);
  return std::binary_search(layers.begin(), layers.end(), layer);
}

std::string type_text(const Setting& setting) {
  return std::visit([](const auto* target) { return std::string(type_name(target)); }, setting.target);
}

std::string range_text(const Range& range) {
  if (!range.words.empty()) return "one of " + join(range.words, ", ");
  bool low = std::isfinite(range.low), high = std::isfinite(range.high);
  if (low && high) return fmt::format("from {} to {}", range.low, range.high);
  if (low) return fmt::format("at least {}", range.low);
  if (high) return fmt::format("at most {}", range.high);
  return "";
}

bool is_in_range(const Range& range, double value) {
  return !range.words.empty() || (value >= range.low && value <= range.high);
}

bool is_in_range(const Range& range, const std::string& word) {
  return range.words.empty() || std::find(range.words.begin(), range.words.end(), word) != range.words.end();
}

bool is_in_range(const Setting& setting) {
  return std::visit([&](const auto* target) { return InRange{setting.range}(*target); }, setting.target);
}

TreeNode to_node(const Setting& setting) {
  return std::visit([](const auto* target) { return value_node(*target); }, setting.target);
}

Unit unit_of(const Setting& setting) {
  std::string type = type_text(setting);
  if (type != "integer" && type != "number") return Unit::none;
  auto is = [name = std::string_view(setting.name)](std::string_view word) {
    return name == word || (name.ends_with(word) && name[name.size() - word.size() - 1] == '_');
  };
  if (is("bytes")) return Unit::bytes;
  if (is("seconds") || is("timeout")) return Unit::seconds;
  return Unit::none;
}

}  // namespace caddie
