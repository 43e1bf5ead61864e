// SPDX-License-Identifier: Apache-2.0
// Values as TOML writes them, compared by what they mean.
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace caddie {

using TomlValue = std::variant<bool, double, std::string>;

/// The value of a TOML text: 3 and 3.0 are equal numbers, quotes are taken off, and whatever is neither a
/// number nor a switch nor quoted is text as it stands.
TomlValue value_of_toml(std::string_view text);

/// A text without its quotes; every other value as it is written.
std::string unquoted(const std::string& text);

/// Whether two TOML texts mean the same value.
bool same_value(const std::string& a, const std::string& b);

}  // namespace caddie
