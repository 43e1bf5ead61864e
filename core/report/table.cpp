// SPDX-License-Identifier: Apache-2.0
// Each format escapes what it would misread; a terminal's columns are aligned by characters, not by bytes.
#include "report/table.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace caddie {
namespace {

/// Counts characters on the screen: continuation bytes of UTF-8 take no room.
size_t width(std::string_view text) {
  return size_t(std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

/// Escapes what LaTeX would read as a command, or set as another character than was meant.
std::string escape_latex(std::string_view text) {
  std::string out;
  for (char c : printable(text)) {
    if (c == '\\')
      out += "\\textbackslash{}";
    else if (c == '~' || c == '^')
      out += std::string("\\") + c + "{}";
    else if (c == '<' || c == '>' || c == '|' || c == '`')
      out += c == '<'   ? "\\textless{}"
             : c == '>' ? "\\textgreater{}"
             : c == '|' ? "\\textbar{}"
                        : "\\textasciigrave{}";
    else if (c == '-' && out.ends_with('-'))
      out += "{}-";
    else if (std::string_view("&%$#_{}").find(c) != std::string_view::npos)
      out += std::string("\\") + c;
    else
      out += c;
  }
  return out;
}

/// Returns whether all of the text is a number, without a sign before it.
bool is_number(std::string_view text) {
  double value;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return !text.starts_with('-') && error != std::errc::invalid_argument && end == text.data() + text.size();
}

/// Returns whether a text reads as the label of an arm: names that are joined, without what calls a function
/// or another program.
bool is_label(std::string_view text) {
  constexpr std::string_view kJoins = "_ .,:=/+-[]{}#\"";
  auto first = static_cast<unsigned char>(text.empty() ? ' ' : text[0]);
  return (std::isalpha(first) || first == '_' || first >= 0x80) &&
         std::all_of(text.begin(), text.end(), [&](unsigned char c) {
           return std::isalnum(c) || c >= 0x80 || kJoins.find(char(c)) != kJoins.npos;
         });
}

/// Returns whether a spreadsheet would read the cell as a formula. Signs begin one too, unless a number or
/// the label of an arm follows ("-0.5", "+x", "--help").
bool is_formula(std::string_view text) {
  if (text.empty()) return false;
  if (text[0] != '+' && text[0] != '-') return std::string_view("=@\t").find(text[0]) != text.npos;
  std::string_view rest = text.substr(std::min(text.find_first_not_of("+-"), text.size()));
  return !is_number(text.substr(1)) && !is_label(rest) && !rest.empty();
}

bool is_left(const std::string& left, size_t column) { return column < left.size() && left[column] == 'l'; }

}  // namespace

std::string escape_markdown(std::string_view text) {
  std::string spaced(text), out;
  std::replace(spaced.begin(), spaced.end(), '\n', ' ');
  spaced = printable(spaced);
  for (size_t i = 0; i < spaced.size(); ++i) {
    char c = spaced[i], next = i + 1 < spaced.size() ? spaced[i + 1] : ' ';
    bool tag = c == '<' && (std::isalpha(static_cast<unsigned char>(next)) || std::strchr("/!?", next));
    bool entity = c == '&' && (std::isalpha(static_cast<unsigned char>(next)) || next == '#');
    if (tag || entity || std::strchr("|*_\\`~", c) || (c == ']' && next == '(')) out += '\\';
    out += c;
  }
  return out;
}

std::string TextTable::terminal() const {
  std::vector<size_t> widths;
  for (const std::string& name : head) widths.push_back(width(printable(name)));
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(printable(row[i])));
  std::string out;
  auto add = [&](const std::vector<std::string>& row) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      std::string cell = printable(row[i]), space(widths[i] - width(cell), ' ');
      line += (i ? "  " : "") + (is_left(left, i) ? cell + space : space + cell);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  add(head);
  for (const auto& row : rows) add(row);
  return out;
}

std::string TextTable::markdown() const {
  std::string out;
  auto add = [&](const std::vector<std::string>& row) {
    for (const std::string& cell : row) out += "| " + escape_markdown(cell) + " ";
    out += "|\n";
  };
  add(head);
  for (size_t i = 0; i < head.size(); ++i) out += is_left(left, i) ? "|---" : "|---:";
  out += "|\n";
  for (const auto& row : rows) add(row);
  return out;
}

std::string TextTable::latex() const {
  std::string out = "\\begin{tabular}{";
  for (size_t i = 0; i < head.size(); ++i) out += is_left(left, i) ? 'l' : 'r';
  out += "}\n\\toprule\n";
  auto add = [&](const std::vector<std::string>& row) {
    // LaTeX would read a bracket or a star after the end of a row as an argument of that end.
    if (!row.empty() && (row[0].starts_with('[') || row[0].starts_with('*'))) out += "{}";
    for (size_t i = 0; i < row.size(); ++i) out += (i ? " & " : "") + escape_latex(row[i]);
    out += " \\\\\n";
  };
  add(head);
  out += "\\midrule\n";
  for (const auto& row : rows) add(row);
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string TextTable::csv() const {
  std::string out;
  auto add = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) out += (i ? "," : "") + csv_cell(row[i]);
    out += "\n";
  };
  add(head);
  for (const auto& row : rows) add(row);
  return out;
}

std::string TextTable::tsv() const {
  std::string out;
  auto add = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) out += (i ? "\t" : "") + printable(row[i]);
    out += "\n";
  };
  add(head);
  for (const auto& row : rows) add(row);
  return out;
}

std::string csv_cell(std::string_view cell) {
  std::string text = printable_lines(cell);
  if (is_formula(text)) text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace caddie
