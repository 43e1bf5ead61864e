// SPDX-License-Identifier: Apache-2.0
// Parses TOML text by toml++ and converts the result to nodes.
#include <caddie/error.h>
#include <toml++/toml.h>

#include <algorithm>
#include <cctype>
#include <sstream>

#include "config/node.h"
#include "config/path.h"

namespace caddie {
namespace {

using SourcePointer = std::shared_ptr<const Source>;

SourcePlace place_of(const SourcePointer& source, const toml::source_region& region) {
  bool one_line = region.begin.line == region.end.line;
  // A value of several lines is underlined to the end of its first; the caret line is cut to the source line.
  int width = one_line ? int(region.end.column) - int(region.begin.column) : 1 << 20;
  return {source, int(region.begin.line), int(region.begin.column), std::max(1, width)};
}

/// Returns the node of a toml++ value, without its name.
TreeNode convert(const toml::node& from, const SourcePointer& source);

void convert_children(TreeNode& node, const toml::table& table, const SourcePointer& source) {
  for (auto&& [key, value] : table) {
    TreeNode child = convert(value, source);
    child.name = std::string(key.str());
    child.key = place_of(source, key.source());
    node.children.push_back(std::move(child));
  }
  std::sort(node.children.begin(), node.children.end(),
            [](const TreeNode& a, const TreeNode& b) { return a.name < b.name; });
}

void convert_children(TreeNode& node, const toml::array& array, const SourcePointer& source) {
  for (const toml::node& value : array) {
    TreeNode child = convert(value, source);
    child.name = std::to_string(node.children.size());
    child.key = child.place;
    node.children.push_back(std::move(child));
  }
}

TreeNode convert(const toml::node& from, const SourcePointer& source) {
  TreeNode node;
  node.place = place_of(source, from.source());
  from.visit([&](const auto& value) {
    using Type = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<Type, toml::table>) {
      convert_children(node, value, source);
    } else if constexpr (std::is_same_v<Type, toml::array>) {
      node.kind = TreeNode::Kind::array;
      convert_children(node, value, source);
    } else if constexpr (toml::is_boolean<Type>) {
      node.kind = TreeNode::Kind::boolean;
      node.value = value.get();
    } else if constexpr (toml::is_integer<Type>) {
      node.kind = TreeNode::Kind::integer;
      node.value = value.get();
    } else if constexpr (toml::is_floating_point<Type>) {
      node.kind = TreeNode::Kind::real;
      node.value = value.get();
    } else if constexpr (toml::is_string<Type>) {
      node.kind = TreeNode::Kind::string;
      node.value = value.get();
    } else {
      std::ostringstream text;
      text << value;
      node.kind = TreeNode::Kind::date;
      node.value = text.str();
    }
  });
  return node;
}

/// Returns a hint for the commonest mistake, a word without quotes behind "=" in the line of `place`; "" when
/// the line does not have it.
std::string hint(const SourcePlace& place) {
  std::istringstream lines(place.source->text);
  std::string line;
  for (int i = 0; i < place.line; ++i) std::getline(lines, line);
  size_t begin = line.find('=');
  if (begin != std::string::npos) begin = line.find_first_not_of(" \t", begin + 1);
  if (begin == std::string::npos || !std::isalpha(static_cast<unsigned char>(line[begin]))) return "";
  std::string word = line.substr(begin, line.find_first_of(" \t\r#", begin) - begin);
  if (word == "True" || word == "False") return "; booleans are true and false";
  bool known = word == "true" || word == "false" || word == "inf" || word == "nan";
  return known ? "" : "; a string stands in quotes: \"" + word + "\"";
}

/// Returns the length in bytes, quotes included, of the string that `text` begins with, which may be a
/// multi-line string; the length of the text when it is not closed.
size_t skip_string(std::string_view text) {
  std::string quote(3, text[0]);
  if (!text.starts_with(quote)) return std::min(end_of_quoted(text), text.size());
  size_t end = 3;
  while (end < text.size() && !text.substr(end).starts_with(quote)) end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 3, text.size());
}

/// Throws Error (kUsage) for a dotted key of more than kMostParts, before the parser recurses into it.
void check_depth(const SourcePointer& source) {
  std::string_view text = source->text;
  int dots = 0, line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\n') ++line;
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '"' || c == '\'') {
      size_t length = skip_string(text.substr(i));
      line += int(std::count(text.begin() + long(i), text.begin() + long(i + length), '\n'));
      i += length - 1;
    } else if (c == '.') {
      if (++dots >= kMostParts)
        fail_at({source, line, 1},
                message("a key of more than {} parts; nothing here has so many", {kMostParts}));
    } else if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-' && c != ' ' &&
               c != '\t') {
      dots = 0;
    }
  }
}

}  // namespace

TreeNode parse_toml(const SourcePointer& source) {
  check_depth(source);
  try {
    toml::table table = toml::parse(std::string_view(source->text), std::string_view(source->name));
    TreeNode root = convert(table, source);
    root.key = root.place = {source};
    return root;
  } catch (const toml::parse_error& error) {
    SourcePlace place = place_of(source, error.source());
    std::string what(error.description());
    constexpr std::string_view kOpening = "Error while parsing ";
    if (what.starts_with(kOpening)) what = "syntax error in " + what.substr(kOpening.size());
    fail_at(place, what + hint(place));
  }
}

}  // namespace caddie
