// SPDX-License-Identifier: Apache-2.0
// Parses sizes and durations as people write them.
#pragma once

#include <optional>
#include <string_view>

namespace caddie {

/// Returns bytes: "16MB" -> 16e6, "16MiB" -> 2^24, "1.5 kB" -> 1500, "12B" -> 12; nothing for any other text.
std::optional<double> parse_bytes(std::string_view text);

/// Returns seconds: "90s" -> 90, "1h30m" -> 5400, "250ms" -> 0.25, "2d" -> 172800; nothing for any other
/// text.
std::optional<double> parse_seconds(std::string_view text);

}  // namespace caddie
