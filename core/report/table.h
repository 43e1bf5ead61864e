// SPDX-License-Identifier: Apache-2.0
// Cells with a head, printed for a terminal, Markdown, LaTeX or a spreadsheet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caddie {

struct TextTable {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  // each as long as the head
  std::string left = "";  // columns that are words, by letter 'l'; others are numbers: "lrrr"

  /// Columns in line, two spaces between; no trailing spaces.
  std::string terminal() const;
  std::string markdown() const;
  /// A tabular environment (booktabs) to be put into a table.
  std::string latex() const;
  /// RFC 4180 with a head, lines end in "\n".
  std::string csv() const;
};

/// One cell of CSV: in quotes when it holds a comma, a quote or a line break.
std::string csv_cell(std::string_view text);

}  // namespace caddie
