// SPDX-License-Identifier: Apache-2.0
// Takes dotted keys apart and puts them together; names that are not bare are quoted as TOML wants it.
#include "config/path.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <variant>

#include "base/characters.h"
#include "base/exit_code.h"
#include "config/node.h"

namespace caddie {
namespace {

bool is_bare(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_ascii_alphanumeric(c) || c == '_' || c == '-';
  });
}

}  // namespace

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\u{:04X}", int(c));
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string unescaped(std::string_view quoted) {
  if (quoted.size() >= 2 && (quoted[0] == '\'' || quoted.find('\\') == std::string_view::npos))
    return std::string(quoted.substr(1, quoted.size() - 2));
  TreeNode root =
      parse_toml(std::make_shared<const Source>(Source{"a string", "value = " + std::string(quoted)}));
  return std::get<std::string>(root.children.at(0).value);
}

size_t end_of_quoted(std::string_view text) {
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text[0]) return i + 1;
    if (text[0] == '"' && text[i] == '\\') ++i;
  }
  return std::string_view::npos;
}

size_t find_equals(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '=') return i;
    if (text[i] != '"' && text[i] != '\'') continue;
    size_t end = end_of_quoted(text.substr(i));
    if (end == std::string_view::npos) break;
    i += end - 1;
  }
  return std::string_view::npos;
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> names;
  if (path.empty()) return names;
  names.reserve(size_t(std::count(path.begin(), path.end(), '.')) + 1);
  for (std::string_view rest = path;;) {
    std::string name;
    size_t end;
    if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
      end = end_of_quoted(rest);
      if (end == std::string_view::npos) fail_usage("path {}: a quote is not closed", path);
      name = unescaped(rest.substr(0, end));
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
  std::string out;
  out.reserve(path.size() + 1 + name.size());
  out = path;
  if (!out.empty()) out += '.';
  if (is_bare(name)) return out += name;
  return out += in_quotes(name);
}

bool is_below(std::string_view path, std::string_view table) {
  return path.size() > table.size() && path.starts_with(table) && path[table.size()] == '.';
}

}  // namespace caddie
