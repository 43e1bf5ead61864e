// SPDX-License-Identifier: Apache-2.0
// Declares the shifting of ids along their sequence, as predicting further ahead needs it.
#pragma once

#include <caddie/var.h>

namespace caddie {

/// Returns the ids first .. first + count - 1 of one sequence [1, length] as [1, count]; -1 where the
/// sequence has none.
Ids later_ids(Ids sequence, int64_t first, int64_t count);

}  // namespace caddie
