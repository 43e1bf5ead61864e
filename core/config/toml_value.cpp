// SPDX-License-Identifier: Apache-2.0
// Parses single TOML values: booleans, numbers, and strings with their escapes.
#include "config/toml_value.h"

#include <cstdlib>

#include "config/path.h"

namespace caddie {
TomlValue value_of_toml(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && end_of_quoted(text) == text.size())
    return unescaped(text);
  std::string digits;
  for (char c : text)
    if (c != '_') digits += c;
  char* end = nullptr;
  double number = std::strtod(digits.c_str(), &end);
  bool begins_as_number =
      !digits.empty() && std::string_view("0123456789+-.").find(digits[0]) != std::string_view::npos;
  if (begins_as_number && *end == '\0') return number;
  return std::string(text);
}

std::string unquoted(const std::string& text) {
  TomlValue value = value_of_toml(text);
  const auto* word = std::get_if<std::string>(&value);
  return word ? *word : text;
}

bool same_value(const std::string& a, const std::string& b) { return value_of_toml(a) == value_of_toml(b); }

}  // namespace caddie
