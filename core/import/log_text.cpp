// SPDX-License-Identifier: Apache-2.0
// Prefixes are recognised one after the other, until none is left.
#include "import/log_text.h"

#include <algorithm>
#include <array>
#include "base/characters.h"

namespace caddie {
namespace {

/// Returns where the escape sequence ends that begins at `at`: "ESC [ parameters letter", or the two
/// characters of another one.
size_t end_of_escape(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at + 1] != '[') return std::min(at + 2, text.size());
  size_t end = at + 2;
  while (end < text.size() && !is_ascii_letter(text[end])) ++end;
  return std::min(end + 1, text.size());
}

std::string without_control(std::string_view text) {
  std::string clean;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at = end_of_escape(text, at);
      continue;
    }
    auto code = static_cast<unsigned char>(text[at]);
    if (code >= 0x20 || text[at] == '\t') clean += text[at];
    ++at;
  }
  return clean;
}

/// Drops the spaces that part a prefix from the message: all where the prefix ends in a mark of its own, so
/// that the indentation of the message is kept, at most one.
std::string_view after_space(std::string_view rest) {
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return rest;
}

/// Returns what follows a short tag in brackets and an optional colon; `line` itself where there is none.
std::string_view without_brackets(std::string_view line) {
  constexpr size_t kLongestTag = 48;
  if (!line.starts_with('[') && !line.starts_with('(')) return line;
  size_t end = line.find(line[0] == '[' ? ']' : ')');
  if (end == std::string_view::npos || end > kLongestTag || end == 1) return line;
  std::string_view rest = line.substr(end + 1);
  if (rest.starts_with(':')) rest.remove_prefix(1);
  return after_space(rest);
}

/// Returns how many characters at the start are a clock's "12:34:56", with a fraction where there is one; 0
/// when none is there.
size_t clock_length(std::string_view text) {
  auto two_digits = [&](size_t at) { return is_ascii_digit(text[at]) && is_ascii_digit(text[at + 1]); };
  if (text.size() < 8 || !two_digits(0) || text[2] != ':' || !two_digits(3) || text[5] != ':' ||
      !two_digits(6))
    return 0;
  size_t end = 8;
  if (end + 1 < text.size() && (text[end] == '.' || text[end] == ',') && is_ascii_digit(text[end + 1]))
    for (++end; end < text.size() && is_ascii_digit(text[end]);) ++end;
  if (end < text.size() && text[end] == 'Z') ++end;
  return end;
}

/// Returns how many characters at the start are a date "2026-01-31"; 0 when none is there.
size_t date_length(std::string_view text) {
  if (text.size() < 10) return 0;
  for (size_t at = 0; at < 10; ++at)
    if (at == 4 || at == 7 ? text[at] != '-' && text[at] != '/' : !is_ascii_digit(text[at])) return 0;
  return 10;
}

std::string_view without_time(std::string_view line) {
  std::string_view rest = line;
  if (size_t date = date_length(rest)) {
    rest.remove_prefix(date);
    if (rest.starts_with('T') || rest.starts_with(' ') || rest.starts_with('_')) rest.remove_prefix(1);
    rest.remove_prefix(clock_length(rest));
  } else if (size_t clock = clock_length(rest)) {
    rest.remove_prefix(clock);
  } else {
    return line;
  }
  for (std::string_view mark : {" - ", " | ", ": ", " "})
    if (rest.starts_with(mark)) return rest.substr(mark.size());
  return rest.empty() ? rest : line;
}

std::string_view without_level(std::string_view line) {
  for (std::string_view level : {"INFO", "DEBUG", "WARNING", "ERROR"}) {
    if (!line.starts_with(level)) continue;
    for (std::string_view mark : {":root:", " - ", " | ", ": ", " "})
      if (line.substr(level.size()).starts_with(mark)) return line.substr(level.size() + mark.size());
  }
  return line;
}

/// Drops "0: ", by which srun tells tasks apart.
std::string_view without_task(std::string_view line) {
  size_t end = 0;
  while (end < line.size() && is_ascii_digit(line[end])) ++end;
  return end > 0 && end <= 4 && line.substr(end).starts_with(": ") ? line.substr(end + 2) : line;
}

/// Drops "trainer-0 | ", by which compositions of containers tell theirs apart.
std::string_view without_name(std::string_view line) {
  size_t bar = line.find(" | ");
  if (bar == std::string_view::npos || bar == 0 || bar > 32) return line;
  std::string_view name = line.substr(0, bar);
  name = name.substr(0, name.find_last_not_of(' ') + 1);
  bool fits = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return is_ascii_alphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
  return fits && std::any_of(name.begin(), name.end(), is_ascii_digit) && !is_ascii_digit(name[0])
             ? line.substr(bar + 3)
             : line;
}

}  // namespace

std::vector<LogLine> log_lines(std::string_view text) {
  std::vector<LogLine> lines;
  for (int64_t number = 1; !text.empty(); ++number) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    for (size_t from = 0; from <= line.size();) {
      size_t to = std::min(line.find('\r', from), line.size());
      lines.push_back({number, without_control(line.substr(from, to - from))});
      from = to + 1;
    }
  }
  return lines;
}

std::string_view without_prefixes(std::string_view line) {
  constexpr std::array kSteps = {without_brackets, without_time, without_level, without_task, without_name};
  for (int round = 0; round < 4; ++round) {
    size_t before = line.size();
    for (auto step : kSteps) line = step(line);
    if (line.size() == before) break;
  }
  return line;
}

}  // namespace caddie
