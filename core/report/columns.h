// SPDX-License-Identifier: Apache-2.0
// A column declares its head, its cells and their meaning in one place; tables are lists of columns.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "report/ablation.h"
#include "report/cells.h"
#include "report/table.h"

namespace caddie {

/// Declares one column of a table whose rows are made from objects of type Row.
template <class Row>
struct Column {
  std::string name, help;
  std::function<std::string(const Row&)> cell;
  /// JSON shows this instead of the cell: numbers that are not rounded, null where they are not known.
  std::function<Json(const Row&)> value = {};
  bool only_where_filled = false;  // whether to leave the column out where all of its cells are empty
};

/// Returns the table that has a row for each of `rows`.
template <class Row>
TextTable table_of(const std::vector<Column<Row>>& columns, const std::vector<Row>& rows) {
  TextTable table{{}, std::vector<std::vector<std::string>>(rows.size())};
  for (const Column<Row>& column : columns) {
    std::vector<std::string> cells;
    for (const Row& row : rows) cells.push_back(column.cell(row));
    bool is_empty =
        std::all_of(cells.begin(), cells.end(), [](const std::string& cell) { return cell.empty(); });
    if (column.only_where_filled && is_empty) continue;
    table.head.push_back(column.name);
    for (size_t row = 0; row < rows.size(); ++row) table.rows[row].push_back(std::move(cells[row]));
  }
  return table;
}

/// Returns a list of objects, one for each of `rows`, whose members are the columns.
template <class Row>
Json json_of(const std::vector<Column<Row>>& columns, const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) {
    Json& json = list.emplace_back(Json::object());
    for (const Column<Row>& column : columns)
      json[column.name] = column.value ? column.value(row) : Json(column.cell(row));
  }
  return list;
}

/// Makes a column of a number, which is rounded in cells; where it is not known, its cell is empty and JSON
/// has null.
template <class Row, class Get>
Column<Row> number_column(std::string name, int decimals, std::string help, Get get) {
  return {std::move(name), std::move(help), [=](const Row& row) { return rounded(get(row), decimals); },
          [=](const Row& row) { return number_or_null(get(row)); }};
}

/// Returns the columns of ablation.csv and of an arm in JSON; readable_columns() returns those of the table
/// for people. The ablation must outlive them.
std::vector<Column<ArmRow>> arm_columns(const Ablation& ablation);
std::vector<Column<ArmRow>> readable_columns(const Ablation& ablation);
/// Returns all arms as JSON shows them.
Json arms_json(const Ablation& ablation);

/// Holds the names of what differs from sweep to sweep and has columns of its own in runs.csv.
struct VaryingNames {
  std::vector<std::string> techniques, params, evaluators;
};
/// Returns the names of a sweep. Evaluators are named where a run has more than one: a single one's score is
/// the run's.
VaryingNames varying_names(const Ablation& ablation);

/// Returns the columns of runs.csv. The ablation must outlive them.
std::vector<Column<RunRow>> run_columns(const Ablation& ablation, const VaryingNames& varying);

}  // namespace caddie
