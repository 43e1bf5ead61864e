// SPDX-License-Identifier: Apache-2.0
// Implements Tree::read(): a visitor checks each value of the tree and assigns it to the variable of its
// setting.
#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/exit_code.h"
#include "base/text.h"
#include "config/settings.h"
#include "config/tree.h"
#include "config/units.h"

namespace caddie {
namespace {

/// Says what may be written for a setting, in words that follow "wanted".
std::string wanted(const Setting& setting) {
  if (std::holds_alternative<Layers*>(setting.target))
    return "\"all\", \"none\", \"first 2\", \"last 4\", \"7,8\" or an array of layer numbers";
  if (std::holds_alternative<bool*>(setting.target)) return "true or false";
  std::string type = type_text(setting), range = range_text(setting.range);
  std::string text = (type.front() == 'i' || type.front() == 'a' ? "an " : "a ") + type;
  if (!setting.range.words.empty() && type == "string")
    text = range;
  else if (!range.empty())
    text += (range.starts_with("from") && type.find(' ') == std::string::npos ? " " : ", ") + range;
  if (unit_of(setting) == Unit::bytes) text += ", or a size such as \"16MB\" or \"16MiB\"";
  if (unit_of(setting) == Unit::seconds) text += ", or a duration such as \"90s\", \"20m\" or \"4h\"";
  return text;
}

/// Assigns one node to the variable of one setting. Each failure throws Error that shows the node which is
/// wrong.
class Assignment {
 public:
  Assignment(const Setting& setting, const TreeNode& node) : setting_(setting), node_(node) {}

  void run() {
    std::visit([&](auto* target) { assign(node_, *target); }, setting_.target);
  }

 private:
  [[noreturn]] void wrong_type(const TreeNode& at) const {
    fail_at(at.place, message("'{}' {} {}; wanted {}{}", {setting_.name, &at == &node_ ? "is" : "holds",
                                                          at.kind_text(), wanted(setting_), quoting(at)}));
  }

  /// Returns a hint that a string needs quotes when -S gave a value that reads as another type; "" in all
  /// other cases.
  std::string quoting(const TreeNode& at) const {
    bool assigned = at.place.source && at.place.source->name.starts_with(kAssigned);
    if (!assigned || at.is_container() || !std::holds_alternative<std::string*>(setting_.target)) return "";
    std::string_view typed = std::string_view(at.place.source->name).substr(kAssigned.size());
    size_t equals = find_equals(typed);
    std::string_view value = trimmed(typed.substr(equals + 1));
    if (value.starts_with('{') || value.starts_with('[')) return ", which stands in quotes";
    return fmt::format(", which stands in quotes here: -S '{}=\"{}\"'", trimmed(typed.substr(0, equals)),
                       value);
  }

  [[noreturn]] void wrong_value(const TreeNode& at) const {
    fail_at(at.place, message("'{}' {} {}; wanted {}{}", {setting_.name, &at == &node_ ? "is" : "holds",
                                                          toml_text(at), wanted(setting_), whose()}));
  }

  /// Returns a hint for a value that was written for the plugin that `use` named before; "" for all others.
  std::string whose() const {
    if (!node_.for_other_plugin) return "";
    return message("; it was written for another plugin: take it away with -S '~TABLE.{}', or give it anew",
                   {setting_.name});
  }

  /// Throws Error when the value lies outside of the range, as NaN always does.
  void check_range(const TreeNode& at, double value) const {
    if (!is_in_range(setting_.range, value)) wrong_value(at);
  }

  /// Returns the value of a string such as "16MB" in the unit of the setting; nothing when the node is no
  /// string or the setting has no unit.
  std::optional<double> quantity(const TreeNode& at) const {
    if (at.kind != TreeNode::Kind::string || unit_of(setting_) == Unit::none) return std::nullopt;
    const auto& text = std::get<std::string>(at.value);
    auto value = unit_of(setting_) == Unit::bytes ? parse_bytes(text) : parse_seconds(text);
    if (!value) wrong_value(at);
    return value;
  }

  void assign(const TreeNode& at, bool& target) const {
    if (at.kind != TreeNode::Kind::boolean) wrong_type(at);
    target = std::get<bool>(at.value);
  }

  void assign(const TreeNode& at, int64_t& target) const {
    if (auto value = quantity(at)) {
      if (*value != std::floor(*value) || *value >= 0x1p63) wrong_value(at);
      target = int64_t(*value);
    } else {
      if (at.kind != TreeNode::Kind::integer) wrong_type(at);
      target = std::get<int64_t>(at.value);
    }
    check_range(at, double(target));
  }

  void assign(const TreeNode& at, int& target) const {
    int64_t wide = 0;
    assign(at, wide);
    if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
      fail_at(at.place, message("'{}' is {}; wanted an integer that fits in 32 bits", {setting_.name, wide}));
    }
    target = int(wide);
  }

  void assign(const TreeNode& at, double& target) const {
    if (auto value = quantity(at))
      target = *value;
    else if (at.kind == TreeNode::Kind::integer)
      target = double(std::get<int64_t>(at.value));
    else if (at.kind == TreeNode::Kind::real)
      target = std::get<double>(at.value);
    else
      wrong_type(at);
    check_range(at, target);
  }

  void assign(const TreeNode& at, float& target) const {
    double wide = 0;
    assign(at, wide);
    target = float(wide);
    if (std::isinf(target) && !std::isinf(wide))
      fail_at(at.place, message("'{}' is {}; wanted a number that fits in a float", {setting_.name, wide}));
  }

  void assign(const TreeNode& at, std::string& target) const {
    if (at.kind != TreeNode::Kind::string) wrong_type(at);
    target = std::get<std::string>(at.value);
    if (!is_in_range(setting_.range, target)) wrong_value(at);
  }

  template <class T>
  void assign(const TreeNode& at, std::vector<T>& target) const {
    if (at.kind != TreeNode::Kind::array) wrong_type(at);
    std::vector<T> values(at.children.size());
    for (size_t i = 0; i < values.size(); ++i) assign(at.children[i], values[i]);
    target = std::move(values);
  }

  void assign(const TreeNode& at, Layers& target) const {
    std::string text;
    if (at.kind == TreeNode::Kind::array) {
      for (const TreeNode& layer : at.children) {
        if (layer.kind != TreeNode::Kind::integer) wrong_type(layer);
        text += (text.empty() ? "" : ",") + toml_text(layer);
      }
      if (text.empty()) text = "none";
    } else if (at.kind == TreeNode::Kind::string) {
      text = std::get<std::string>(at.value);
    } else {
      wrong_type(at);
    }
    LayerChoice choice;
    if (!parse_layers(text, choice)) wrong_value(at);
    target.text = choice.text();
  }

  const Setting& setting_;
  const TreeNode& node_;
};

}  // namespace

/// Fills the variables that are declared below one path, and remembers their values in the tree.
class Tree::Reader final : public Settings {
 public:
  Reader(Tree& tree, std::string_view path, const TreeNode* written, Stage first)
      : tree_(tree), path_(path), written_(written), first_(first) {}

 private:
  void visit(const Setting& setting) override {
    const TreeNode* written = written_ ? written_->find(setting.name) : nullptr;
    if (written) Assignment(setting, *written).run();
    TreeNode value = to_node(setting);
    value.name = setting.name;
    if (written) value.place = written->place;
    value.stage = std::max(first_, setting.stage);
    if (!remembered_) remembered_ = &tree_.remembered(path_);
    remembered_->at(setting.name) = std::move(value);
  }

  Tree& tree_;
  std::string path_;
  const TreeNode* written_;  // It is the table at the path as it was written; null when it is not there.
  TreeNode* remembered_ = nullptr;  // It is the table at the path as it is read, from the first setting on.
  Stage first_;
};

void Tree::read(std::string_view path, const std::function<void(Settings&)>& declare, Stage first) {
  const TreeNode* node = &root_;
  for (const std::string& name : split_path(path)) {
    bool array = node->kind == TreeNode::Kind::array;
    node = node->find(name);
    if (!node && array) fail_usage("[{}]: there is no such element", path);
    if (!node) break;
    if (!node->is_container())
      caddie::fail_at(node->place, message("'{}' is {}; wanted a table", {name, node->kind_text()}));
  }
  if (node && node->kind == TreeNode::Kind::array)
    caddie::fail_at(node->place, message("'{}' is an array; wanted a table", {path}));
  know(path, {});
  Reader reader(*this, path, node, first);
  declare(reader);
}

}  // namespace caddie
