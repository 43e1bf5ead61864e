// SPDX-License-Identifier: Apache-2.0
// Each line of a log becomes an entry that says what it was taken for; entries are parted into runs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "import/end_lines.h"
#include "import/foreign_run.h"
#include "import/step_lines.h"

namespace caddie {

enum class LineKind {
  blank,
  step,
  score,
  size,
  stop,
  memory,
  block_head,
  setting,
  version,
  device,
  error,
  remark,
  source,
  unknown
};

/// Holds one line and what was read of it: of a step a StepLine, of a score, a size and a stop what their
/// readers return, of memory the bytes, of settings, versions and devices their names and texts.
struct LogEntry {
  LineKind kind = LineKind::unknown;
  int64_t number = 0;
  std::string text;  // without prefixes
  std::variant<std::monostate, StepLine, ForeignScore, ForeignSize, StopLine, int64_t, Labelled<std::string>>
      value = {};
};

/// Returns an entry for each line of a log. Source text, as logs of upstream begin with it, reaches from its
/// first line to a row of "=", or to the first line outside a docstring that only a log can hold.
std::vector<LogEntry> log_entries(std::string_view text);

/// Returns the runs in a log as ranges [begin, end) of its entries, in their order. Another run begins where
/// steps start again, or settings or versions are printed again after results; what stands between the last
/// result and that belongs to the later run.
std::vector<std::pair<size_t, size_t>> runs_in(const std::vector<LogEntry>& entries);

}  // namespace caddie
