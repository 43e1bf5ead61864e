// SPDX-License-Identifier: Apache-2.0
// A table of runs, as CSV or TSV, has a row for each run and a head that names its columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/foreign_run.h"

namespace caddie {

/// Says that a column stands for a name that Caddie knows: "seed", "arm", or one of known_numbers().
struct ColumnName {
  std::string name, column;
};

/// Returns the column map of texts such as "val_bpb=final_bpb". Throws Error (kUsage) for a text without "="
/// or with a name that is not known.
std::vector<ColumnName> column_names(const std::vector<std::string>& texts);

/// Returns the rows of a table as RFC 4180 has them: cells in quotes may hold the separator, line ends, and
/// quotes written twice. Empty lines are left out. Throws Error when a quote is not closed.
std::vector<std::vector<std::string>> table_rows(std::string_view text, char separator);

/// Returns the runs of a table, one for each row. A column that the map or its own name makes a number, the
/// seed or the arm is that; each other one is a setting, and its empty cells are left out. Throws Error
/// (kUsage) naming the source when no column is a score, a mapped column is missing, a row has more cells
/// than the head, or a cell holds no number where there must be one.
std::vector<ForeignRun> read_table(std::string_view text, char separator, const ForeignSource& source,
                                   const std::vector<ColumnName>& map);

}  // namespace caddie
