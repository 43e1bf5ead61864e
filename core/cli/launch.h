// SPDX-License-Identifier: Apache-2.0
// Several processes of this program that train together on this machine.
#pragma once

namespace caddie {

/// Starts the command line of this process once for each rank, with `threads` for each unless it says how
/// many; 0: leave it to them. Hands signals on. When a rank fails the others get some seconds to end by
/// themselves. Returns the first rank's exit code when all have ended.
int launch_ranks(int ranks, int threads);

}  // namespace caddie
