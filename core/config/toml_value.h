// SPDX-License-Identifier: Apache-2.0
// TOML values are compared by what they mean.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace caddie {

using TomlValue = std::variant<bool, double, std::string>;

/// Returns the value of a TOML text: 3 and 3.0 are equal numbers, quotes are taken off, and whatever is
/// neither a number nor a switch nor quoted is text as it stands.
TomlValue value_of_toml(std::string_view text);

/// Returns a text without its quotes and every other value as it is written.
std::string unquoted(const std::string& text);

/// Tells whether two TOML texts mean the same value.
bool same_value(const std::string& a, const std::string& b);

}  // namespace caddie
