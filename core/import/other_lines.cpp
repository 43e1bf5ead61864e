// SPDX-License-Identifier: Apache-2.0
// What is no number of a run is recognised by how it begins.
#include "import/other_lines.h"

#include <algorithm>

#include "base/characters.h"
#include "base/text.h"
#include "import/line_fields.h"

namespace caddie {
namespace {

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> starts) {
  return std::any_of(starts.begin(), starts.end(),
                     [&](std::string_view start) { return text.starts_with(start); });
}

/// Tells whether a tag of up to four words and a colon stand before other text.
bool has_tag(std::string_view line) {
  constexpr size_t kLongestTag = 48;
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > kLongestTag || !begins_name(line[0]))
    return false;
  std::string_view tag = line.substr(0, colon);
  bool fits = std::all_of(tag.begin(), tag.end(), [](char c) {
    return begins_name(c) || is_ascii_digit(c) ||
           std::string_view(" -+./()#").find(c) != std::string_view::npos;
  });
  return fits && std::count(tag.begin(), tag.end(), ' ') < 4;
}

/// Tells whether a library's logger wrote the line: "W0318 14:38:18.8 ..." or "file.py:12: UserWarning: ...".
bool is_of_library(std::string_view line) {
  if (line.size() > 6 && std::string_view("WIEF").find(line[0]) != std::string_view::npos &&
      std::all_of(line.begin() + 1, line.begin() + 5, is_ascii_digit) && line[5] == ' ')
    return true;
  return line.find("Warning") != std::string_view::npos;
}

bool is_banner(std::string_view line) {
  std::string_view text = trimmed(line);
  return !text.empty() && (text.find_first_not_of("*-=+|_# ") == std::string_view::npos ||
                           starts_with_any(text, {"Setting OMP_NUM_THREADS", "wandb:", "|", "+-", "+="}));
}

/// Tells whether the line is nvidia-smi's date: "Fri Mar 20 10:00:00 2026".
bool is_date(std::string_view line) {
  constexpr std::string_view kDays[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};
  return line.size() < 40 && std::any_of(std::begin(kDays), std::end(kDays),
                                         [&](std::string_view day) { return line.starts_with(day); });
}

/// Tells whether the line is about a step of the training. As a remark it would be one that was cut short.
bool is_of_step(std::string_view line, const LineFields& fields) {
  bool leads = !fields.words.empty() && fields.words[0].find('/') != std::string::npos &&
               is_progress(fields.words[0]) && is_ascii_digit(line[0]);
  return leads || (!fields.fields.empty() && fields.fields[0].name == "step");
}

bool is_bar(std::string_view line) {
  size_t percent = line.find("%|");
  return percent != std::string_view::npos && percent > 0 && is_ascii_digit(line[percent - 1]);
}

}  // namespace

bool begins_source(std::string_view line) {
  return starts_with_any(
             line, {"import ", "def ", "class ", "@", "#!", "\"\"\"", "'''", "if __name__", "async def "}) ||
         (line.starts_with("from ") && line.find(" import ") != std::string_view::npos);
}

bool is_indented_source(std::string_view line) {
  if (!line.starts_with(' ') && !line.starts_with('\t')) return false;
  std::string_view text = trimmed(line);
  if (starts_with_any(
          text,
          {"return", "def ",  "class ",  "if ",   "for ",    "while ",  "else:", "elif ",    "try:",
           "except", "with ", "import ", "from ", "raise ",  "assert ", "yield", "f\"",      "f'",
           "#",      "@",     "\"",      "'",     "super()", "pass",    "break", "continue", "warnings.warn",
           "File \""}))
    return true;
  return contains_any(text, {" = ", "(", ")", "+="});
}

bool is_separator(std::string_view line) {
  constexpr size_t kShortest = 10;
  return line.size() >= kShortest && line.find_first_not_of('=') == std::string_view::npos;
}

bool is_remark(std::string_view whole, std::string_view line) {
  if (is_of_library(whole) || is_banner(line) || is_date(line) || is_bar(line)) return true;
  LineFields fields = line_fields(line);
  if (is_of_step(line, fields)) return false;
  if (tells_progress(fields)) return true;
  if (contains_any(line, {"val_bpb", "val_loss", "train_loss"})) return false;
  bool tagged = whole.size() != line.size() && !line.empty() && begins_name(line[0]);
  std::string_view inner = line.starts_with("  ") ? trimmed(line) : line;
  return tagged || has_tag(inner);
}

std::string exception_in(std::string_view line) {
  size_t colon = line.find(": ");
  std::string_view name = line.substr(0, colon);
  bool is_name = !name.empty() && begins_name(name[0]) && std::all_of(name.begin(), name.end(), [](char c) {
    return begins_name(c) || is_ascii_digit(c) || c == '.';
  });
  bool is_error = name.ends_with("Error") || name.ends_with("Exception") || name == "KeyboardInterrupt" ||
                  name.ends_with("OutOfMemoryError");
  return is_name && is_error ? std::string(line) : "";
}

bool is_traceback_head(std::string_view line) {
  return line.starts_with("Traceback (most recent call last)");
}

}  // namespace caddie
