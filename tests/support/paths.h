// SPDX-License-Identifier: Apache-2.0
// Where the sources stand from which the tests were built, and what was built from them.
#pragma once

#include <filesystem>

namespace caddie {

/// The folder of the root's CMakeLists.txt.
const std::filesystem::path& source_folder();

/// The folder of the build: the program is in bin/, plugins in lib/caddie/plugins/<kind>s/, those that only
/// tests use in fixtures/.
const std::filesystem::path& build_folder();

}  // namespace caddie
