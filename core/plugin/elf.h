// SPDX-License-Identifier: Apache-2.0
// Looks into a shared library as into any file that others wrote: no code of it runs, and no number in it is
// trusted. The layout is that of the ELF specification for 64 bits.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace caddie {

/// Returns the names of the dynamic symbols that the library defines; nothing when the bytes are no library
/// or a table in them does not lie within them.
std::optional<std::vector<std::string>> exported_names(std::span<const std::byte> library);

}  // namespace caddie
