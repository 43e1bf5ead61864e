// SPDX-License-Identifier: Apache-2.0
// An axis of a sweep lists values, and the base experiment may have one of them.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "config/tree.h"
#include "sweep/factor.h"

namespace caddie {

/// Returns the values of an array as TOML texts. Throws Error(2) that shows `path` when it is empty or
/// repeats one.
std::vector<std::string> distinct_values(Tree& sweep, const std::string& path);

/// Makes the level whose value `is_base` the baseline of a factor, given the values in the order of its
/// levels. Where there is none, what the base has, if anything, becomes Factor::unlisted_base.
void choose_base_level(Factor& factor, const std::string& base, std::span<const std::string> values,
                       const std::function<bool(const std::string& value)>& is_base);

}  // namespace caddie
