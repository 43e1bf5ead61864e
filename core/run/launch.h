// SPDX-License-Identifier: Apache-2.0
// These functions start several processes of this program that train together on this machine.
#pragma once

#include "process/child.h"

namespace caddie {

/// Starts `command` once for each rank, with "--rank" and its number behind the arguments, and waits until
/// all have ended. SIGINT and SIGTERM are handed on. When a rank fails, the others get `grace` seconds to end
/// by themselves. Returns rank 0's exit code as a shell gives it, or where that is 0 the one of a rank that
/// failed; 130 when a signal that was handed on ended rank 0.
int run_ranks(const ChildCommand& command, int ranks, double grace = 10);

/// Calls run_ranks() with the command line of this process, with `threads` for each rank unless the command
/// line says how many; 0 leaves it to the ranks. They find each other at MASTER_ADDR and MASTER_PORT.
int launch_ranks(int ranks, int threads);

}  // namespace caddie
