// SPDX-License-Identifier: Apache-2.0
// Writes and reads JSON files that carry a hash of themselves, so that a damaged one never passes for a
// result.
//
//     {
//       "sealed": true,
//       ...
//       "seal": "<XXH3-128 of all text before the comma that precedes this line>"
//     }
//
// Either of the two lines shows that a file has a seal: no single fault makes it look like one without. Files
// that older versions wrote have none and are read as they are.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/json.h"

namespace caddie {

/// Returns the text of a JSON object with its seal; the object has no members called "sealed" or "seal".
/// Bytes that are no UTF-8 are written as U+FFFD.
std::string sealed_text(const Json& object);

/// Returns the object of a text, without its seal. Throws Error naming `file` when the text is no JSON object
/// or is not what was sealed.
Json unsealed(std::string_view text, const std::filesystem::path& file);

/// Replaces the file by the sealed text of the object. Throws Error as write_file() does.
void write_sealed(const std::filesystem::path& file, const Json& object);
/// Returns the object in the file, without its seal. Throws Error naming the file when it cannot be read, and
/// as unsealed() does.
Json read_sealed(const std::filesystem::path& file);

}  // namespace caddie
