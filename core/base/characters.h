// SPDX-License-Identifier: Apache-2.0
// Letters and digits are those of ASCII, whatever the locale; other bytes are neither.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

namespace caddie {

inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_ascii_alphanumeric(char c) { return is_ascii_letter(c) || is_ascii_digit(c); }

/// Tells whether a name in the code of a program can begin with the character.
inline bool begins_name(char c) { return is_ascii_letter(c) || c == '_'; }

/// Returns the text with capital letters made small.
inline std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return lower;
}

/// Tells whether one of the parts stands in the text.
inline bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

}  // namespace caddie
