// SPDX-License-Identifier: Apache-2.0
// Finds the library that the core is, beside which the build leaves notes.
#pragma once

#include <filesystem>

namespace caddie {

/// Returns the path of the library that this code is part of.
std::filesystem::path engine_file();

}  // namespace caddie
