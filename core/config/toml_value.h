// SPDX-License-Identifier: Apache-2.0
// Compares TOML values by what they mean, not by how they are written.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace caddie {

/// Holds the meaning of a TOML value; every number is a double.
using TomlValue = std::variant<bool, double, std::string>;

/// Returns the value of a TOML text: 3 and 3.0 are equal numbers, strings lose their quotes, and what is
/// neither a boolean nor a number nor quoted is a string as it stands.
TomlValue value_of_toml(std::string_view text);

/// Returns the content of a quoted string, and any other TOML text as it is.
std::string unquoted(const std::string& text);

/// Tells whether two TOML texts mean the same value.
bool same_value(const std::string& a, const std::string& b);

}  // namespace caddie
