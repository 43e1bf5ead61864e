// SPDX-License-Identifier: Apache-2.0
// Implements the helpers with text; edit_distance() serves the search for near names.
#include "base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

namespace caddie {
namespace {

/// Returns the edits that turn a into b: the optimal string alignment distance, where two neighbours may swap
/// once.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t replaced = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

/// Tells whether a character of UTF-8 turns the direction in which a terminal sets what follows.
bool turns_direction(std::string_view character) {
  return (character >= "\u202A" && character <= "\u202E") || (character >= "\u2066" && character <= "\u2069");
}

/// Adds one character as printable() writes it. `character` is UTF-8, or a byte that is none.
void add_printable(std::string& out, std::string_view character) {
  auto first = static_cast<unsigned char>(character[0]);
  if (utf8_length(character) == 0)
    out += "\xEF\xBF\xBD";
  else if (first == '\n' || first == '\t' || first == '\r')
    out += first == '\n' ? "\\n" : first == '\t' ? "\\t" : "\\r";
  else if (first < 0x20)
    out += fmt::format("\\x{:02x}", first);
  else if (first == 0x7F || (first == 0xC2 && uint8_t(character[1]) < 0xA0))
    out += fmt::format("\\u{:04x}", uint8_t(character.back()));
  else if (turns_direction(character))
    out += fmt::format("\\u20{:02x}", (character[1] & 1) << 6 | (character[2] & 0x3F));
  else
    out += character;
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  std::string best;
  size_t fewest = std::max<size_t>(1, name.size() / 2) + 1;
  for (const std::string& candidate : candidates) {
    size_t edits = edit_distance(name, candidate);
    if (edits < fewest) {
      fewest = edits;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, std::span<const std::string> candidates) {
  std::string near = nearest(name, candidates);
  if (!near.empty()) return "; did you mean '" + near + "'?";
  if (candidates.empty()) return "";
  return "; known: " + join(candidates, ", ");
}

bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\v\f";
  size_t begin = text.find_first_not_of(kBlank);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (&part != parts.data()) out += separator;
    out += part;
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

size_t utf8_length(std::string_view text) {
  auto byte = [&](size_t k) { return k < text.size() ? uint8_t(text[k]) : uint8_t(0); };
  uint8_t first = byte(0);
  if (first < 0x80) return text.empty() ? 0 : 1;
  size_t length = first >= 0xC2 && first < 0xE0 ? 2 : first >> 4 == 0xE ? 3 : first >> 3 == 0x1E ? 4 : 0;
  for (size_t k = 1; k < length; ++k)
    if ((byte(k) & 0xC0) != 0x80) return 0;
  bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  bool surrogate = first == 0xED && byte(1) > 0x9F;
  bool too_large = first > 0xF4 || (first == 0xF4 && byte(1) > 0x8F);
  return overlong || surrogate || too_large ? 0 : length;
}

bool is_valid_utf8(std::string_view text) {
  while (size_t length = utf8_length(text)) text.remove_prefix(length);
  return text.empty();
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t length = std::max<size_t>(1, utf8_length(text));
    add_printable(out, text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    size_t length = std::max<size_t>(1, utf8_length(text));
    if (text[0] == '\n' || text[0] == '\t')
      out += text[0];
    else
      add_printable(out, text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string with_short_lines(std::string_view text) {
  constexpr size_t kLongest = 1000;
  std::vector<std::string> lines = split(text, '\n');
  for (std::string& line : lines)
    if (std::string_view kept = first_characters(line, kLongest); kept.size() < line.size())
      line = std::string(kept) + "...";
  return join(lines, "\n");
}

std::string_view first_characters(std::string_view text, size_t count) {
  size_t end = 0;
  for (; count > 0 && end < text.size(); --count) end += std::max<size_t>(1, utf8_length(text.substr(end)));
  return text.substr(0, end);
}

std::string with_commas(int64_t value) {
  std::string digits = std::to_string(value);
  for (int64_t i = int64_t(digits.size()) - 3; i > (value < 0 ? 1 : 0); i -= 3) digits.insert(size_t(i), ",");
  return digits;
}

std::string counted(int64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string duration(double seconds) {
  auto whole = int64_t(std::llround(seconds));
  if (seconds < 9.95) return fmt::format("{:.2g}s", seconds);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}h{:02}m", whole / 3600, whole / 60 % 60);
}

std::string utc_now() {
  std::time_t now = std::time(nullptr);
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, length};
}

}  // namespace caddie
