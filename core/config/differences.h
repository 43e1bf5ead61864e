// SPDX-License-Identifier: Apache-2.0
// Compares two trees setting by setting.
#pragma once

#include <string>
#include <vector>

#include "config/tree.h"

namespace caddie {

/// Returns one line for each value that differs, by path: "train.clip: 1.0 -> 0.3"; absent values show as
/// "(none)".
std::vector<std::string> differences(Tree before, Tree after);

}  // namespace caddie
