// SPDX-License-Identifier: Apache-2.0
#include "support/csv.h"

#include <utility>

namespace caddie::testing {

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row = {""};
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c != '"')
        row.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        row.back() += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      rows.push_back(std::move(row));
      row = {""};
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  if (row.size() > 1 || !row[0].empty()) rows.push_back(std::move(row));
  return rows;
}

std::string column(const TextTable& table, size_t row, const std::string& name) {
  for (size_t i = 0; i < table.head.size(); ++i)
    if (table.head[i] == name) return table.rows.at(row)[i];
  return "no column " + name;
}

}  // namespace caddie::testing
