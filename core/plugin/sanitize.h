// SPDX-License-Identifier: Apache-2.0
// Compiles a plugin so that wrong addresses and undefined arithmetic in it are found when it runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "plugin/compile.h"

namespace caddie {

/// Is the exit code of a process that a sanitizer ends, once it has reported why.
inline constexpr int kSanitizerExit = 99;

/// Holds a sanitized library, and the variables of the environment that a program needs to load it.
struct SanitizedPlugin {
  std::filesystem::path library;
  std::vector<std::string> environment;  // as in "LD_PRELOAD=/lib/libasan.so"
};

/// Tells whether this program itself, and so every plugin, is compiled with sanitizers.
bool is_sanitized();

/// Compiles a source in the folder, with AddressSanitizer and UndefinedBehaviorSanitizer. Throws Error
/// (kPluginRefused) when it does not compile, or when the compiler has no sanitizers.
SanitizedPlugin build_sanitized(const std::filesystem::path& source, const ScratchFolder& work);

}  // namespace caddie
