// SPDX-License-Identifier: Apache-2.0
// These notes say in sentences what a reader should know before believing the table.
#pragma once

#include <string>
#include <vector>

#include "report/ablation.h"

namespace caddie {

/// Returns the notes on a sweep, whose arms must have been judged, in the order in which they are printed.
std::vector<std::string> notes_on(const Ablation& ablation);

}  // namespace caddie
