// SPDX-License-Identifier: Apache-2.0
// Declares Philox, the counter-based generator from which every random stream takes its bits.
#pragma once

#include <array>
#include <cstdint>

namespace caddie {

/// Returns the four words that Philox 4x32-10 has at `counter` in the stream of `key`; low words come first.
/// Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

}  // namespace caddie
