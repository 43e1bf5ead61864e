// SPDX-License-Identifier: Apache-2.0
// Columns get their names first; then each row is read cell by cell.
#include "import/read_table.h"

#include <algorithm>

#include "base/exit_code.h"
#include "base/text.h"
#include "import/line_fields.h"
#include "import/numbers_of_runs.h"
#include "results/metrics.h"

namespace caddie {
namespace {

bool is_known(const std::string& name) {
  std::vector<std::string> known = known_numbers();
  return name == "seed" || name == "arm" || std::find(known.begin(), known.end(), name) != known.end();
}

/// Cuts a text into rows and cells, character by character.
class RowReader {
 public:
  RowReader(std::string_view text, char separator) : text_(text), separator_(separator) {}

  std::vector<std::vector<std::string>> read() {
    for (at_ = 0; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (quoted_)
        read_quoted(c);
      else if (c == '"' && cell_.empty())
        quoted_ = true;
      else if (c == separator_)
        end_cell();
      else if (c == '\n')
        end_row();
      else if (c != '\r')
        cell_ += c;
    }
    check(!quoted_, "a cell's quote is not closed");
    end_row();
    return std::move(rows_);
  }

 private:
  void read_quoted(char c) {
    if (c != '"') {
      cell_ += c;
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      cell_ += c;
      ++at_;
    } else {
      quoted_ = false;
    }
  }
  void end_cell() { row_.push_back(std::exchange(cell_, "")); }
  void end_row() {
    end_cell();
    bool is_empty =
        std::all_of(row_.begin(), row_.end(), [](const std::string& cell) { return cell.empty(); });
    if (!is_empty) rows_.push_back(std::move(row_));
    row_.clear();
  }

  std::string_view text_;
  char separator_;
  size_t at_ = 0;
  bool quoted_ = false;
  std::string cell_;
  std::vector<std::string> row_;
  std::vector<std::vector<std::string>> rows_;
};

/// Returns what each column is called when the map is applied. Throws Error (kUsage) for a column that is not
/// there, and when there is no score.
std::vector<std::string> names_of(const std::vector<std::string>& head, const std::string& file,
                                  const std::vector<ColumnName>& map) {
  std::vector<std::string> names = head;
  for (const ColumnName& entry : map) {
    auto found = std::find(head.begin(), head.end(), entry.column);
    if (found == head.end())
      fail_usage("{}: has no column '{}'{}", file, entry.column, suggestion(entry.column, head));
    names[size_t(found - head.begin())] = entry.name;
  }
  auto is_score = [](const std::string& name) {
    return name == kBpb.name || name == "bpb" || name == kLossNats.name || name == "val_loss";
  };
  if (std::none_of(names.begin(), names.end(), is_score))
    fail_usage("{}: no column is called {}; say which one is with --columns {}=COLUMN; it has: {}", file,
               kBpb.name, kBpb.name, join(head, ", "));
  return names;
}

}  // namespace

std::vector<ColumnName> column_names(const std::vector<std::string>& texts) {
  std::vector<ColumnName> names;
  std::vector<std::string> known = known_numbers();
  known.insert(known.end(), {"seed", "arm"});
  for (const std::string& text : texts) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      fail_usage("--columns {}: wanted NAME=COLUMN, such as {}=final_bpb", text, kBpb.name);
    std::string name = text.substr(0, equals);
    if (!is_known(name))
      fail_usage("--columns {}: no number is called '{}'{}", text, name, suggestion(name, known));
    names.push_back({name, text.substr(equals + 1)});
  }
  return names;
}

std::vector<std::vector<std::string>> table_rows(std::string_view text, char separator) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  return RowReader(text, separator).read();
}

std::vector<ForeignRun> read_table(std::string_view text, char separator, const ForeignSource& source,
                                   const std::vector<ColumnName>& map) {
  std::vector<std::vector<std::string>> rows = table_rows(text, separator);
  if (rows.size() < 2) fail_usage("{}: holds no rows; wanted a head and a row for each run", source.file);
  std::vector<std::string> names = names_of(rows[0], source.file, map);
  std::vector<ForeignRun> runs;
  for (size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].size() > names.size())
      fail_usage("{}: row {} has {} cells, and the head {}", source.file, r + 1, rows[r].size(),
                 names.size());
    ForeignRun& run = runs.emplace_back();
    run.source = source;
    run.source.part = int64_t(r);
    run.source.first_line = run.source.last_line = int64_t(r) + 1;
    for (size_t c = 0; c < rows[r].size(); ++c) {
      std::string cell(trimmed(rows[r][c]));
      if (cell.empty()) continue;
      if (names[c] == "arm")
        run.arm = cell;
      else if (names[c] == "seed" && whole_in(cell).value_or(-1) >= 0)
        run.seed = whole_in(cell);
      else if (names[c] == "seed" || (is_known(names[c]) && !set_number(run, names[c], cell)))
        fail_usage("{}: row {}: '{}' is no number for {}", source.file, r + 1, printable(cell), names[c]);
      else if (!is_known(names[c]))
        set(run.settings, names[c], cell);
    }
    ++run.counts.results;
  }
  return runs;
}

}  // namespace caddie
