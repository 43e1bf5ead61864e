// SPDX-License-Identifier: Apache-2.0
// Lines are tried as what tells most first; a reader accepts a line only when all that it wants is there.
#include "import/log_entries.h"

#include <algorithm>

#include "base/text.h"
#include "import/log_text.h"
#include "import/other_lines.h"
#include "import/setting_lines.h"

namespace caddie {
namespace {

/// Reads a line that only a log can hold; returns whether it is one.
bool read_certain(LogEntry& entry) {
  std::string_view line = entry.text;
  auto take = [&](LineKind kind, auto found) {
    if (!found) return false;
    entry.kind = kind;
    entry.value = *found;
    return true;
  };
  if (is_block_head(line)) {
    entry.kind = LineKind::block_head;
    return true;
  }
  if (take(LineKind::step, step_line(line)) || take(LineKind::stop, stop_line(line)) ||
      take(LineKind::size, size_line(line)) || take(LineKind::memory, memory_line(line)))
    return true;
  if (std::optional<ForeignScore> score = score_line(line)) {
    score->line = entry.number;
    return take(LineKind::score, score);
  }
  if (auto version = version_line(line)) {
    entry.kind = LineKind::version;
    entry.value = Labelled<std::string>{*version};
    return true;
  }
  return false;
}

bool read_setting(LogEntry& entry) {
  std::optional<Labelled<std::string>> settings = setting_line(entry.text);
  if (!settings) return false;
  entry.kind = LineKind::setting;
  entry.value = std::move(*settings);
  return true;
}

/// Sorts the lines of one log, from the first to the last.
class LineSorter {
 public:
  explicit LineSorter(std::string_view text) : lines_(log_lines(text)) {}

  std::vector<LogEntry> sort() {
    for (at_ = 0; at_ < lines_.size(); ++at_) {
      LogEntry entry;
      entry.number = lines_[at_].number;
      entry.text = without_prefixes(lines_[at_].text);
      sort(entry, lines_[at_].text);
      entries_.push_back(std::move(entry));
    }
    return std::move(entries_);
  }

 private:
  void sort(LogEntry& entry, const std::string& whole) {
    if (in_source_ && stays_in_source(entry)) {
      entry.kind = LineKind::source;
      return;
    }
    in_source_ = false;
    if (read_block_item(entry)) return;
    in_block_ = false;
    if (trimmed(entry.text).empty()) {
      entry.kind = LineKind::blank;
    } else if (is_separator(entry.text)) {
      entry.kind = LineKind::remark;
    } else if (read_error(entry) || read_certain(entry) || read_device(entry)) {
      in_block_ = entry.kind == LineKind::block_head;
    } else if (begins_source(entry.text)) {
      entry.kind = LineKind::source;
      in_source_ = true;
      follow_quotes(entry.text);
    } else if (is_indented_source(entry.text)) {
      entry.kind = LineKind::source;
    } else if (!read_setting(entry)) {
      entry.kind = is_remark(whole, entry.text) ? LineKind::remark : LineKind::unknown;
    }
  }

  /// Tells whether the line still is source. A row of "=" is the last line of it.
  bool stays_in_source(LogEntry& entry) {
    if (is_separator(entry.text)) {
      in_source_ = false;
      quotes_ = "";
      return true;
    }
    bool inside = !quotes_.empty();
    follow_quotes(entry.text);
    if (inside) return true;
    LogEntry tried = entry;
    // An assignment is source; a log prints its settings with colons.
    return !(read_certain(tried) || (entry.text.find('=') == std::string::npos && read_setting(tried)));
  }

  /// Follows docstrings, within which nothing is a line of the log. One that never ends is taken for none.
  void follow_quotes(std::string_view line) {
    for (std::string_view mark : {"\"\"\"", "'''"}) {
      if (!quotes_.empty() && quotes_ != mark) continue;
      for (size_t found = line.find(mark); found != std::string_view::npos;
           found = line.find(mark, found + 3))
        quotes_ = quotes_.empty() ? mark : std::string_view();
      if (quotes_ == mark && !is_closed_later(mark)) quotes_ = "";
    }
  }

  bool is_closed_later(std::string_view mark) const {
    return std::any_of(lines_.begin() + long(at_) + 1, lines_.end(),
                       [&](const LogLine& line) { return line.text.find(mark) != std::string::npos; });
  }

  bool read_block_item(LogEntry& entry) {
    if (!in_block_) return false;
    auto item = block_item(entry.text);
    if (!item) return false;
    entry.kind = LineKind::setting;
    entry.value = Labelled<std::string>{*item};
    return true;
  }

  /// Reads the stack of an exception up to its message.
  bool read_error(LogEntry& entry) {
    if (is_traceback_head(entry.text)) {
      in_traceback_ = true;
      entry.kind = LineKind::remark;
      return true;
    }
    std::string message = exception_in(entry.text);
    if (!message.empty()) {
      in_traceback_ = false;
      entry.kind = LineKind::error;
      entry.value = Labelled<std::string>{{"error", message}};
      return true;
    }
    if (!in_traceback_ || !entry.text.starts_with(' ')) return false;
    entry.kind = LineKind::remark;
    return true;
  }

  bool read_device(LogEntry& entry) {
    std::string device = device_in_row(entry.text);
    if (device.empty()) return false;
    entry.kind = LineKind::device;
    entry.value = Labelled<std::string>{{"gpu", device}};
    return true;
  }

  std::vector<LogLine> lines_;
  std::vector<LogEntry> entries_;
  size_t at_ = 0;
  bool in_source_ = false, in_block_ = false, in_traceback_ = false;
  std::string_view quotes_;  // the mark of the docstring that is open; empty for none
};

constexpr int64_t kStepsApart = 10;

bool is_result(LineKind kind) {
  return kind == LineKind::step || kind == LineKind::score || kind == LineKind::size ||
         kind == LineKind::stop || kind == LineKind::memory || kind == LineKind::error;
}

/// Tells whether a run has printed results of its end: those of a step are not enough.
bool is_end(LineKind kind) { return is_result(kind) && kind != LineKind::step; }

/// Tells whether the entry is printed once at the beginning of a run.
bool is_head(const LogEntry& entry) {
  if (entry.kind == LineKind::block_head) return true;
  if (entry.kind != LineKind::version) return false;
  return std::get<Labelled<std::string>>(entry.value).front().first == "python";
}

}  // namespace

std::vector<LogEntry> log_entries(std::string_view text) { return LineSorter(text).sort(); }

std::vector<std::pair<size_t, size_t>> runs_in(const std::vector<LogEntry>& entries) {
  std::vector<std::pair<size_t, size_t>> runs;
  size_t begin = 0;
  int64_t last_step = -1;
  bool ended = false;
  for (size_t at = 0; at < entries.size(); ++at) {
    const LogEntry& entry = entries[at];
    const auto* step = std::get_if<StepLine>(&entry.value);
    // Processes that print side by side may be some steps apart.
    bool begins = step && step->step <= 1 && last_step > kStepsApart;
    bool again = begins || (step && step->step < last_step && ended);
    if (again || (ended && is_head(entry))) {
      size_t from = at;
      while (from > begin && !is_result(entries[from - 1].kind)) --from;
      runs.emplace_back(begin, from);
      begin = from;
      last_step = -1;
      ended = false;
    }
    if (step) last_step = step->step;
    ended |= is_end(entry.kind);
  }
  runs.emplace_back(begin, entries.size());
  return runs;
}

}  // namespace caddie
