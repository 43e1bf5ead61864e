// SPDX-License-Identifier: Apache-2.0
// Columns of tables: the head of each, its cells, and what they mean, in one place.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "report/ablation.h"
#include "report/table.h"

namespace caddie {

template <class Row>
struct Column {
  std::string name, help;
  std::function<std::string(const Row&)> cell;
};

template <class Row>
TextTable table_of(const std::vector<Column<Row>>& columns, const std::vector<Row>& rows) {
  TextTable table;
  for (const Column<Row>& column : columns) table.head.push_back(column.name);
  for (const Row& row : rows) {
    std::vector<std::string>& cells = table.rows.emplace_back();
    for (const Column<Row>& column : columns) cells.push_back(column.cell(row));
  }
  return table;
}

/// Names of what differs from sweep to sweep and has columns of its own in runs.csv.
struct VaryingNames {
  std::vector<std::string> techniques, params, evaluators;
};
/// Evaluators are named where a run has more than one: a single one's score is the run's.
VaryingNames varying_names(const Ablation& ablation);

/// The columns of runs.csv. The ablation must outlive them.
std::vector<Column<RunRow>> run_columns(const Ablation& ablation, const VaryingNames& varying);

}  // namespace caddie
