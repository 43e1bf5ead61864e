// SPDX-License-Identifier: Apache-2.0
// Finds and merges nodes, splits dotted paths, and prints errors with the source line and a caret.
#include "config/node.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <tuple>

#include "base/exit_code.h"

namespace caddie {
namespace {

/// Tells whether TOML takes the name as a key without quotes.
bool is_bare(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '_' || c == '-';
  });
}

/// Returns line `number`, from 1, without its end; "" behind the last one.
std::string_view line_of(std::string_view text, int number) {
  for (int line = 1; line < number; ++line) {
    size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Tells whether a byte of UTF-8 begins a character.
bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// Returns the string that a TOML basic string stands for, given the text between its quotes.
std::string unescaped(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  TreeNode root =
      parse_toml(std::make_shared<const Source>(Source{"a path", "name = \"" + std::string(text) + "\""}));
  return std::get<std::string>(root.children.at(0).value);
}

/// Returns as much of a line as a screen shows, and the column of the same character in it: a long line is
/// cut around the column.
std::pair<std::string_view, int> around(std::string_view line, int column) {
  constexpr size_t kShown = 200, kBefore = 80;
  if (line.size() <= kShown) return {line, column};
  size_t place = 0;  // This is the offset of the byte at the column.
  for (int at = 1; place < line.size() && at < column; ++place)
    if (place + 1 < line.size() && starts_character(line[place + 1])) ++at;
  size_t begin = place > kBefore ? place - kBefore : 0;
  while (begin > 0 && !starts_character(line[begin])) --begin;
  line = line.substr(0, std::min(line.size(), begin + kShown)).substr(begin);
  while (!line.empty() && !starts_character(line.back())) line.remove_suffix(1);
  if (!line.empty() && static_cast<unsigned char>(line.back()) >= 0xC0) line.remove_suffix(1);
  std::string_view before = line.substr(0, place - begin);
  return {line, int(std::count_if(before.begin(), before.end(), starts_character)) + 1};
}

/// Returns carets under `width` characters of `line` from `column` on; tabs before them are kept, so that
/// they align.
std::string carets(std::string_view line, int column, int width) {
  std::string out;
  int at = 1;
  for (char c : line) {
    if (at >= column) break;
    if (!starts_character(c)) continue;
    out += c == '\t' ? '\t' : ' ';
    ++at;
  }
  auto length = int(std::count_if(line.begin(), line.end(), starts_character));
  out.append(size_t(std::clamp(width, 1, std::max(1, length - column + 1))), '^');
  return out;
}

}  // namespace

std::string Origin::text() const { return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column); }

Origin SourcePlace::origin() const {
  if (!source) return {};
  return {source->name, line, column};
}

bool SourcePlace::before(const SourcePlace& other) const {
  auto key = [](const SourcePlace& p) {
    return std::tuple(p.source ? p.source->order : -1, p.line, p.column);
  };
  return key(*this) < key(other);
}

bool TreeNode::is_array_of_tables() const {
  return kind == Kind::array && !children.empty() &&
         std::all_of(children.begin(), children.end(),
                     [](const TreeNode& n) { return n.kind == Kind::table; });
}

const TreeNode* TreeNode::find(std::string_view child) const {
  auto found =
      std::find_if(children.begin(), children.end(), [&](const TreeNode& n) { return n.name == child; });
  return found == children.end() ? nullptr : &*found;
}

TreeNode* TreeNode::find(std::string_view child) {
  return const_cast<TreeNode*>(static_cast<const TreeNode*>(this)->find(child));
}

TreeNode& TreeNode::at(std::string_view child) {
  if (TreeNode* found = find(child)) return *found;
  auto where = children.end();
  if (kind == Kind::table)
    where = std::find_if(children.begin(), children.end(), [&](const TreeNode& n) { return n.name > child; });
  TreeNode made;
  made.name = child;
  return *children.insert(where, std::move(made));
}

const char* TreeNode::kind_text() const {
  switch (kind) {
    case Kind::table:
      return "a table";
    case Kind::array:
      return "an array";
    case Kind::boolean:
      return "a boolean";
    case Kind::integer:
      return "an integer";
    case Kind::real:
      return "a float";
    case Kind::string:
      return "a string";
    case Kind::date:
      return "a date or time";
  }
  return "";
}

size_t end_of_quoted(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text[0]) return i + 1;
    if (text[0] == '"' && text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names;
  if (path.empty()) return names;
  for (std::string_view rest = path;;) {
    std::string name;
    size_t end;
    if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
      end = end_of_quoted(rest);
      if (end == std::string_view::npos) fail_usage("path {}: a quote is not closed", path);
      name = rest[0] == '"' ? unescaped(rest.substr(1, end - 2)) : std::string(rest.substr(1, end - 2));
    } else {
      end = std::min(rest.find('.'), rest.size());
      name = rest.substr(0, end);
    }
    bool last = end == rest.size();
    if (name.empty() || (!last && rest[end] != '.'))
      fail_usage("path {}: wanted names separated by dots", path);
    names.push_back(std::move(name));
    if (int(names.size()) > kMostParts)
      fail_usage("a path of more than {} parts; nothing here has so many", kMostParts);
    if (last) return names;
    rest.remove_prefix(end + 1);
  }
}

std::string join_path(std::string_view path, std::string_view name) {
  std::string out(path);
  if (!out.empty()) out += '.';
  return out += is_bare(name) ? std::string(name) : in_quotes(name);
}

void note_other_plugin(TreeNode& table, const TreeNode& use) {
  const TreeNode* now = table.find("use");
  const auto* name = std::get_if<std::string>(&use.value);
  const auto* old = now ? std::get_if<std::string>(&now->value) : nullptr;
  if (!name || !old || *name == *old) return;
  for (TreeNode& child : table.children) child.for_other_plugin = true;
}

void merge(TreeNode& base, const TreeNode& over) {
  if (base.kind != TreeNode::Kind::table || over.kind != TreeNode::Kind::table) {
    std::string name = base.name;
    base = over;
    base.name = name;
    return;
  }
  if (const TreeNode* use = over.find("use")) note_other_plugin(base, *use);
  for (const TreeNode& child : over.children) {
    TreeNode& here = base.at(child.name);
    merge(here, child);
    here.for_other_plugin = child.for_other_plugin;
  }
  base.key = over.key;
  base.place = over.place;
}

void fail_at(const SourcePlace& place, const std::string& headline) {
  std::string number = std::to_string(place.line);
  std::string margin(place.source && place.line > 0 ? number.size() : 1, ' ');
  std::string text = fmt::format("{}\n{}--> {}", headline, margin, place.origin().text());
  if (place.line > 0) {
    auto [line, column] = around(line_of(place.source->text, place.line), place.column);
    text +=
        fmt::format("\n{0} |\n{1} | {2}\n{0} | {3}", margin, number, line, carets(line, column, place.width));
  }
  throw Error(text, kUsage);
}

}  // namespace caddie
