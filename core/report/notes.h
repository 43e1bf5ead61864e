// SPDX-License-Identifier: Apache-2.0
// What a reader should know before believing the table, in sentences.
#pragma once

#include <string>
#include <vector>

#include "report/ablation.h"

namespace caddie {

std::vector<std::string> notes_on(const Ablation& ablation);

}  // namespace caddie
