// SPDX-License-Identifier: Apache-2.0
// Most lines of a training log are fields such as "val_loss:2.07" or "tok/s: 8494972" behind a few words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Holds one field of a line as it is printed; `mark` is ':' or '='.
struct LineField {
  std::string name, value;
  char mark = ':';
};

/// Holds a line as words and fields.
struct LineFields {
  std::vector<std::string> words;  // the words before the first field
  std::vector<LineField> fields;
  int loose = 0;  // how many words stand between the fields or behind them

  /// Returns the value of the first field of this name; null when there is none.
  const std::string* find(std::string_view name) const;
  /// Returns the words with spaces between.
  std::string label() const;
};

/// Returns the words and fields of a line. A field is a name, which begins with a letter and holds letters,
/// digits and "_/.%+-", then ':' or '=', then its value, which a space may precede. A value in square
/// brackets reaches to the closing one. Commas, bars and parentheses around fields are left out.
LineFields line_fields(std::string_view line);

/// Tells whether a text says how far something has come: "3/20", "[7/9]", "12%".
bool is_progress(std::string_view text);
/// Tells whether a word or a value of the line is_progress(), or a field counts chunks, batches or windows.
bool tells_progress(const LineFields& line);

/// Returns the number of a text, nan and inf included; nothing when anything else is in it.
std::optional<double> number_in(std::string_view text);
/// Returns the whole number of a text, which may have commas between thousands; nothing when anything else is
/// in it, or it does not fit.
std::optional<int64_t> whole_in(std::string_view text);
/// Returns the seconds of a text such as 24ms, 0.8m, 12s or 1.5h; nothing when it is no number with one of
/// these units.
std::optional<double> seconds_in(std::string_view text);

}  // namespace caddie
