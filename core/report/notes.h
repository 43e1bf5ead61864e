// SPDX-License-Identifier: Apache-2.0
// These notes say in sentences what a reader should know before believing the table.
#pragma once

#include <string>
#include <vector>

#include "report/ablation.h"

namespace caddie {

std::vector<std::string> notes_on(const Ablation& ablation);

}  // namespace caddie
