// SPDX-License-Identifier: Apache-2.0
// These functions say what this machine, or the container around this process, has to give.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace caddie {

/// Returns the number of cores that this process may use, at least 1.
int core_count();

std::string host_name();

/// Returns the words of the command that started this process, with spaces between them.
std::string command_line();

/// Memory is counted in bytes: all of it, and what programs can still take. Both are those of the machine or
/// of the container's limit, whichever is less, and INT64_MAX where the system does not tell.
struct Memory {
  int64_t total = INT64_MAX, available = INT64_MAX;
};
Memory memory_here();

/// Returns what a control group and those around it leave of `machine`. `mounted` is where control groups are
/// mounted (/sys/fs/cgroup), `groups` the text of /proc/self/cgroup. Both versions are known.
Memory memory_within(const std::filesystem::path& mounted, const std::string& groups, Memory machine);

}  // namespace caddie
