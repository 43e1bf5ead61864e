// SPDX-License-Identifier: Apache-2.0
// Loads a library for a trial in a child process, so that one whose initialiser misbehaves is named instead
// of taking the program with it.
#pragma once

#include <filesystem>
#include <string>

namespace caddie {

/// Returns whether loading a library runs code of its own, as the initialisers of static objects do. What
/// cannot be read counts as having some.
bool has_initialisers(const std::filesystem::path& library);

/// Loads a library and calls the function `entry` of it in a child. Returns what its initialisers did instead
/// of returning: "ended the process with exit code 0", "was ended by signal 11", "did not return within 5 s".
/// Returns "" when they returned, and also when the library does not load: loading it then says why.
std::string trial_of(const std::filesystem::path& library, const std::string& entry, double seconds = 5);

}  // namespace caddie
