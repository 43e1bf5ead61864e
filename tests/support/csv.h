// SPDX-License-Identifier: Apache-2.0
// CSV text and tables as a test wants to look at them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/table.h"

namespace caddie::testing {

/// Rows of CSV text, quotes taken off.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);

/// The cell of that row in the column called `name`, or words that no cell holds.
std::string column(const TextTable& table, size_t row, const std::string& name);

}  // namespace caddie::testing
