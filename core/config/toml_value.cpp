// SPDX-License-Identifier: Apache-2.0
// Parses single TOML values: booleans, numbers, and strings with their escapes.
#include "config/toml_value.h"

#include <cstdint>
#include <cstdlib>

namespace caddie {
namespace {

/// Appends the code point as UTF-8.
void append_character(uint32_t code, std::string& out) {
  int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr uint8_t kFirst[] = {0, 0xC0, 0xE0, 0xF0};
  out += char(kFirst[more] | code >> (6 * more));
  while (more-- > 0) out += char(0x80 | (code >> (6 * more) & 0x3F));
}

/// Returns the string that a TOML basic string stands for, given the text between its quotes.
std::string without_escapes(std::string_view text) {
  constexpr std::string_view kLetters = "btnfr", kMeanings = "\b\t\n\f\r";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    char letter = text[++i];
    size_t digits = letter == 'u' ? 4 : letter == 'U' ? 8 : 0, known = kLetters.find(letter);
    if (digits > 0)
      append_character(uint32_t(std::strtoul(std::string(text.substr(i + 1, digits)).c_str(), nullptr, 16)),
                       out);
    else
      out += known == std::string_view::npos ? letter : kMeanings[known];
    i += digits;
  }
  return out;
}

}  // namespace

TomlValue value_of_toml(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  if (text.size() >= 2 && text[0] == '"' && text.back() == '"')
    return without_escapes(text.substr(1, text.size() - 2));
  if (text.size() >= 2 && text[0] == '\'' && text.back() == '\'')
    return std::string(text.substr(1, text.size() - 2));
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
