// SPDX-License-Identifier: Apache-2.0
// A table has a head and rows of cells, and is written for a terminal, Markdown, LaTeX or a spreadsheet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Holds a table whose cells are text.
struct TextTable {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  // Each row is as long as the head.
  std::string left = "";  // marks columns that are words by the letter 'l'; others are numbers: "lrrr"

  /// Returns the table with its columns aligned, with two spaces between and no trailing spaces.
  std::string terminal() const;
  /// Returns a table of GitHub's Markdown.
  std::string markdown() const;
  /// Returns a tabular environment (booktabs) to be put into a table.
  std::string latex() const;
  /// Returns RFC 4180 with a head; lines end in "\n".
  std::string csv() const;
  /// Returns the head and the rows with tabs between cells, which are on one line each, as printable() has
  /// them; lines end in "\n".
  std::string tsv() const;
};

/// Returns one cell of CSV as printable_lines() writes it: in quotes when it holds a comma, a quote or a line
/// break, and behind an apostrophe when a spreadsheet would read it as a formula.
std::string csv_cell(std::string_view cell);

/// Escapes what Markdown or HTML would read as markup, and sets line ends to spaces; a "<" before a digit or
/// a dot is no markup.
std::string escape_markdown(std::string_view text);

}  // namespace caddie
