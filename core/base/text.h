// SPDX-License-Identifier: Apache-2.0
// Text for people and patterns: nearest names, globs, numbers and durations as they are printed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// The candidate with the fewest edits (insert, delete, replace, swap of neighbours) from `name`;
/// empty when none is closer than half of the name's length. Ties: the first.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// "; did you mean 'x'?" or, when nothing is near, "; known: a, b, c".
std::string suggestion(std::string_view name, std::span<const std::string> candidates);

/// True when `pattern` covers all of `text`; '*' stands for any run of characters, '?' for one.
bool matches(std::string_view pattern, std::string_view text);

std::string join(std::span<const std::string> parts, std::string_view separator);
/// Without the white space at both ends; a part of `text`.
std::string_view trimmed(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);

/// 16000000 -> "16,000,000".
std::string with_commas(int64_t value);

/// 93.4 -> "1m33s"; 0.25 -> "0.25s"; 7300 -> "2h02m".
std::string duration(double seconds);

/// The time now, as ISO 8601 in UTC: "2026-01-31T12:00:00Z".
std::string utc_now();

}  // namespace caddie
