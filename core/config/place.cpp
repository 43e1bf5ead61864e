// SPDX-License-Identifier: Apache-2.0
// Shows a place of a source: the line, cut to what a screen holds, and a caret under what is wrong.
#include "config/place.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/exit_code.h"
#include "base/text.h"

namespace caddie {
namespace {

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

int characters_of(std::string_view text) {
  return int(std::count_if(text.begin(), text.end(), starts_character));
}

/// Returns a line as it may stand on a terminal, and below it the carets: what is written out is longer than
/// it was.
std::pair<std::string, std::string> marked(std::string_view line, int column, int width) {
  std::string_view before = first_characters(line, size_t(std::max(column, 1) - 1));
  std::string_view at = first_characters(line.substr(before.size()), size_t(std::max(width, 1)));
  std::string shown = printable_lines(line), shown_before = printable_lines(before);
  int longer = characters_of(printable_lines(at)) - characters_of(at);
  return {shown, carets(shown, column + characters_of(shown_before) - characters_of(before), width + longer)};
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

void fail_at(const SourcePlace& place, const std::string& headline) {
  std::string number = std::to_string(place.line);
  std::string margin(place.source && place.line > 0 ? number.size() : 1, ' ');
  std::string text = fmt::format("{}\n{}--> {}", headline, margin, place.origin().text());
  if (place.line > 0) {
    auto [line, column] = around(line_of(place.source->text, place.line), place.column);
    auto [shown, below] = marked(line, column, place.width);
    text += fmt::format("\n{0} |\n{1} | {2}\n{0} | {3}", margin, number, shown, below);
  }
  throw Error(text, kUsage);
}

}  // namespace caddie
