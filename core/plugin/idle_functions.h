// SPDX-License-Identifier: Apache-2.0
// Finds what a plugin's author may have meant as a hook, and what nobody will ever call: a compiler has
// nothing against a function whose name is nearly that of a hook.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace caddie {

/// Returns a sentence for each function of a plugin's struct that overrides nothing of its slot and that its
/// source names nowhere else, with the hook that is meant or all there are. `headers` is the folder of the
/// SDK's headers. A function of the right name and another signature is left to the compiler.
std::vector<std::string> idle_functions(const std::filesystem::path& source,
                                        const std::filesystem::path& headers);

}  // namespace caddie
