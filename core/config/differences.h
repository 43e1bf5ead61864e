// SPDX-License-Identifier: Apache-2.0
// Compares two TOML texts setting by setting.
#pragma once

#include <string>
#include <vector>

namespace caddie {

/// Returns one line for each value that differs, by path: "train.clip: 1.0 -> 0.3"; absent values show as
/// "(none)".
std::vector<std::string> differences(const std::string& before, const std::string& after);

}  // namespace caddie
