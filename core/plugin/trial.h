// SPDX-License-Identifier: Apache-2.0
// Tries a plugin in a child process before this one loads it, so that one that ends its process or never
// returns is named instead of taking the program with it.
#pragma once

#include <filesystem>
#include <string>

namespace caddie {

/// Loads a library in a child, calls the function `entry` of it, which returns its PluginEntry, makes an
/// object, asks it for its settings and destroys it. Returns which of them did not return, and what it did
/// instead: "its constructor ended the process with exit code 0", "its initialiser was ended by signal 11
/// (...)", "its settings() did not return within 20 s". Returns "" when all of them returned or threw, when
/// the library does not load, and when no process can be had: then this process learns more by itself.
std::string trial_of(const std::filesystem::path& library, const std::string& entry, double seconds = 20);

}  // namespace caddie
