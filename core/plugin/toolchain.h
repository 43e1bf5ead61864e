// SPDX-License-Identifier: Apache-2.0
// Knows how plugins for this program are compiled: the build, or the installation, left a note of it beside
// the library.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace caddie {

/// Holds the compiler that compiled this program, its options, and the folders that plugins need.
struct Toolchain {
  /// Says how sources with kernels for GPUs are compiled.
  struct Kernels {
    std::string pattern;  // the regular expression that such a source matches somewhere
    std::string compiler;
    std::vector<std::string> compile, link;
  };
  std::string compiler;
  std::vector<std::string> compile, link;
  std::optional<Kernels> kernels;   // nothing where the program has no kernels for GPUs
  std::filesystem::path library;    // libcaddie.so
  std::filesystem::path include;    // the folder of caddie/plugin.h
  std::filesystem::path templates;  // what new plugins begin as
  std::filesystem::path rules;      // the rules of contests that are shipped
  std::filesystem::path sources;    // the folder plugins of the source tree; empty where it is installed
};

/// Returns what the note beside the library says. Throws Error naming it when it cannot be read or is
/// damaged.
const Toolchain& toolchain();

}  // namespace caddie
