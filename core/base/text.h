// SPDX-License-Identifier: Apache-2.0
// These functions handle text: they find near names, match globs, split and join, check UTF-8, and print
// numbers and durations for people.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

inline constexpr double kGibibyte = 1 << 30;

/// Returns the candidate with the fewest edits (insert, delete, replace, swap of neighbours) from `name`, the
/// first among equals; empty when all need more edits than half of the name's length, or than 1 if that is
/// more.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// Returns "; did you mean 'x'?" or, when nothing is near, "; known: a, b, c"; empty without candidates.
std::string suggestion(std::string_view name, std::span<const std::string> candidates);

/// Returns whether `pattern` covers all of `text`, where '*' stands for any run of characters, '?' for one.
bool matches(std::string_view pattern, std::string_view text);

/// Returns the parts with `separator` between them.
std::string join(std::span<const std::string> parts, std::string_view separator);
/// Returns the part of `text` without the white space at both ends.
std::string_view trimmed(std::string_view text);

/// Returns the parts between separators, one more than there are separators; parts may be empty.
std::vector<std::string> split(std::string_view text, char separator);

/// Returns how many bytes the character has that `text` begins with: 1 to 4, or 0 when the text is empty or
/// no UTF-8 begins there (overlong forms, surrogates and code points above U+10FFFF are none).
size_t utf8_length(std::string_view text);

/// Returns whether all of the text is UTF-8.
bool is_valid_utf8(std::string_view text);

/// Returns the text on one line as it may stand on a terminal: control characters are written out (\n, \t,
/// \x1b, and from U+007F on \u009b), and so are those that turn the direction of what follows (\u202e); each
/// byte that is no UTF-8 is U+FFFD.
std::string printable(std::string_view text);

/// Returns what printable() does, but keeps the ends of lines and tabs.
std::string printable_lines(std::string_view text);

/// Returns the text with each line that is too long for a screen cut after 1,000 characters and ended by
/// "...".
std::string with_short_lines(std::string_view text);

/// Returns the first `count` characters of UTF-8 text, all of it where it has fewer.
std::string_view first_characters(std::string_view text, size_t count);

/// Returns the number as in "16,000,000".
std::string with_commas(int64_t value);

/// Returns the number with what it counts, as in "1 run" and "3 runs".
std::string counted(int64_t count, std::string_view what);

/// Returns the time as in "1m33s" for 93.4, "0.25s" for 0.25 and "2h01m" for 7300.
std::string duration(double seconds);

/// Returns the time now as ISO 8601 in UTC, as in "2026-01-31T12:00:00Z".
std::string utc_now();

}  // namespace caddie
