// SPDX-License-Identifier: Apache-2.0
// Draws small faults and puts them into texts and binary files alike.
#include "fuzz/mutations.h"

#include <algorithm>
#include <string_view>

namespace caddie::fuzz {
namespace {

constexpr std::string_view kWords[] = {"-1",         "0",    "1e999", "9223372036854775808",
                                       "4294967296", "nan",  "null",  "true",
                                       "\"",         "[",    "]",     "{",
                                       "}",          "=",    ".",     "\\u",
                                       "(",          "\xff", "\xc3",  "not ",
                                       " and ",      "\n",   "..",    "/"};

struct Stretch {
  size_t begin, length;
};

/// Returns a stretch of the text, most often a short one.
Stretch stretch_of(const std::string& text, attack::Draw& draw) {
  size_t begin = draw.below(text.size() + 1), left = text.size() - begin;
  size_t most = draw.below(4) == 0 ? left : std::min<size_t>(left, 8);
  return {begin, draw.below(most + 1)};
}

/// Returns the digits around or behind a place that is drawn; an empty stretch where there are none.
Stretch number_in(const std::string& text, attack::Draw& draw) {
  size_t begin = text.find_first_of("0123456789", draw.below(text.size() + 1));
  if (begin == std::string::npos) return {text.size(), 0};
  size_t end = text.find_first_not_of("0123456789", begin);
  return {begin, std::min(end, text.size()) - begin};
}

void mutate(std::string& text, const std::string& other, attack::Draw& draw) {
  auto [begin, length] = stretch_of(text, draw);
  switch (draw.below(8)) {
    case 0:
      if (!text.empty()) text[draw.below(text.size())] ^= char(1 << draw.below(8));
      return;
    case 1:
      if (!text.empty()) text[draw.below(text.size())] = char(draw.below(256));
      return;
    case 2:
      text.erase(begin, length);
      return;
    case 3:
      text.insert(begin, text.substr(begin, length));
      return;
    case 4:
      text.insert(begin, draw.from(kWords));
      return;
    case 5:
      text.resize(begin);
      return;
    case 6: {
      auto [from, count] = stretch_of(other, draw);
      text.replace(begin, length, other, from, count);
      return;
    }
    default:
      auto [first, digits] = number_in(text, draw);
      text.replace(first, digits, draw.from(kWords));
  }
}

}  // namespace

std::string mutated(std::span<const std::string> seeds, attack::Draw& draw) {
  std::string text = draw.from(seeds);
  for (uint64_t left = 1 + draw.below(4); left > 0; --left) mutate(text, draw.from(seeds), draw);
  return text;
}

}  // namespace caddie::fuzz
