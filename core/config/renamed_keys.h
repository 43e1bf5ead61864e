// SPDX-License-Identifier: Apache-2.0
// Knows the settings that had another name in earlier versions. Files that people write must use the new
// name; records that earlier versions wrote are read under it.
#pragma once

#include <string>
#include <string_view>

namespace caddie {

/// Says that a key was renamed when `text` is or contains the dotted path of such a key, as a condition or an
/// assignment may: "'train.lanes' is now called 'train.gradient_accumulators'". Returns "" when it holds
/// none.
std::string renamed_in(std::string_view text);

/// Returns the TOML document of a record with renamed keys under their new names. Only lines that end in an
/// origin, as in "key = value  # default", are changed: others were written by people.
std::string with_new_names(std::string_view document);

}  // namespace caddie
