// SPDX-License-Identifier: Apache-2.0
// Reads the values that an axis of a sweep lists, and finds the one that the base experiment has.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "config/tree.h"
#include "sweep/factor.h"

namespace caddie {

/// Returns the values of the array at `path` as TOML texts. Throws Error (kUsage) that shows the path when
/// the array is empty or repeats a value.
std::vector<std::string> distinct_values(Tree& sweep, const std::string& path);

/// Makes the first level whose value `is_base` the baseline of a factor; `values` stand in the order of its
/// levels. If none of several levels is, Factor::unlisted_base becomes `base`, the text of what the base
/// experiment has, or "" for nothing.
void choose_base_level(Factor& factor, const std::string& base, std::span<const std::string> values,
                       const std::function<bool(const std::string& value)>& is_base);

}  // namespace caddie
