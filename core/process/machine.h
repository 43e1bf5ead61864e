// SPDX-License-Identifier: Apache-2.0
// Tells what this machine, or the container around this process, offers: cores, memory and names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace caddie {

/// Returns the number of cores that this process may use, at least 1.
int core_count();

/// Returns the name of this machine.
std::string host_name();

/// Returns the words of the command that started this process, with spaces between them.
std::string command_line();

/// Counts memory in bytes: all of it, and what programs can still take. Each is INT64_MAX where the system
/// does not tell.
struct Memory {
  int64_t total = INT64_MAX, available = INT64_MAX;
};
/// Returns the memory of the machine, or of the container around this process where that has less.
Memory memory_here();

/// Returns what is left of `machine` within the limits of this process's control groups, of version 1 or 2.
/// `mounted` is where control groups are mounted (/sys/fs/cgroup), `groups` is the text of /proc/self/cgroup.
Memory memory_within(const std::filesystem::path& mounted, const std::string& groups, Memory machine);

}  // namespace caddie
