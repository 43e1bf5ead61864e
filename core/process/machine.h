// SPDX-License-Identifier: Apache-2.0
// What this machine, or the container around this process, has to give.
#pragma once

#include <cstdint>

namespace caddie {

/// Cores that this process may use, at least 1.
int core_count();

/// Bytes, in all and those that programs can still take: of the machine or of the container's limit,
/// whichever is less. INT64_MAX where the system does not tell.
struct Memory {
  int64_t total = INT64_MAX, available = INT64_MAX;
};
Memory memory_here();

}  // namespace caddie
