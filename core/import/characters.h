// SPDX-License-Identifier: Apache-2.0
// Characters of logs are ASCII, whatever the locale; other bytes are neither letters nor digits.
#pragma once

#include <string>
#include <string_view>

namespace caddie {

inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Returns the text with capital letters made small.
inline std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return lower;
}

}  // namespace caddie
