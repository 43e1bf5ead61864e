// SPDX-License-Identifier: Apache-2.0
// Paths are dotted keys of TOML, such as train.clip_norm, which name a value in a tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the text as a TOML basic string, in double quotes on one line: what may not stand there is
/// escaped.
std::string in_quotes(std::string_view text);

/// Returns what a quoted string of TOML stands for. Throws Error (kUsage) when it is none.
std::string unescaped(std::string_view quoted);

/// Returns the length in bytes, quotes included, of the quoted string that `text` begins with; npos when it
/// is not closed.
size_t end_of_quoted(std::string_view text);

/// Returns the offset of the first "=" outside of quotes; npos when there is none.
size_t find_equals(std::string_view text);

/// A dotted key has at most this many parts, because functions that walk through nested tables recurse once
/// for each.
inline constexpr int kMostParts = 64;

/// Returns the names along a dotted path; a name that holds a dot is quoted: a."b.c".0. Throws Error (kUsage)
/// on an empty name, and on more than kMostParts.
std::vector<std::string> split_path(std::string_view path);

/// Returns `path`.`name`, with the name quoted where it must be.
std::string join_path(std::string_view path, std::string_view name);

/// Tells whether the setting at `path` lies in a table or in one below that.
bool is_below(std::string_view path, std::string_view table);

}  // namespace caddie
