// SPDX-License-Identifier: Apache-2.0
// Several processes of this program that train together on this machine.
#pragma once

#include "process/child.h"

namespace caddie {

/// Starts `command` once for each rank, with "--rank" and its number behind the arguments, and waits until
/// all have ended. SIGINT and SIGTERM are handed on. When a rank fails, the others get `grace` seconds to end
/// by themselves. Returns the first rank's exit code as a shell gives it; 130 when a signal that was handed
/// on ended it.
int run_ranks(const ChildCommand& command, int ranks, double grace = 10);

/// Does that with the command line of this process, with `threads` for each rank unless it says how many; 0:
/// leaves it to them. The ranks find each other at MASTER_ADDR and MASTER_PORT.
int launch_ranks(int ranks, int threads);

}  // namespace caddie
