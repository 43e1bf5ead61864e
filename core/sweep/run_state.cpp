// SPDX-License-Identifier: Apache-2.0
// The state follows from run.json, summary.json and the claim of the folder; the log explains an end.
#include "sweep/run_state.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include "base/sealed_json.h"
#include "base/text.h"
#include "results/claim.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

/// Returns the lines in the last few kilobytes of log.txt that are not blank.
std::vector<std::string> log_tail(const std::filesystem::path& folder) {
  std::ifstream log(folder / "log.txt", std::ios::binary);
  constexpr std::streamoff kTail = 4096;
  log.seekg(0, std::ios::end);
  std::streamoff size = log.tellg();
  if (!log || size <= 0) return {};
  log.seekg(std::max<std::streamoff>(0, size - kTail));
  std::string text(size_t(std::min(size, kTail)), '\0');
  log.read(text.data(), std::streamsize(text.size()));
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n'))
    if (line.find_first_not_of(" \r\t") != std::string::npos) lines.push_back(line);
  return lines;
}

/// Reads the files of the run into the state. Returns what is wrong with one of them, "" when nothing is.
std::string read_files(const std::filesystem::path& folder, RunState& state) {
  try {
    state.record = read_run_record(folder);
    state.summary = read_summary(folder);
    check_recorded(folder, state.summary);
    // Reports read metrics.csv besides these two files, so that it must be whole as well.
    check_left_by_run(state.summary, folder, kMetricsFile);
    return "";
  } catch (const Error& error) {
    state.record.reset();
    state.summary = {};
    return error.what();
  }
}

}  // namespace

std::string_view name_of(RunStatus status) {
  switch (status) {
    case RunStatus::planned:
      return "planned";
    case RunStatus::running:
      return "running";
    case RunStatus::done:
      return "done";
    case RunStatus::failed:
      return "failed";
    case RunStatus::lost:
      return "lost";
  }
  return "";
}

RunStatus status_of(const std::filesystem::path& folder, bool damaged, bool has_record,
                    std::string_view ended) {
  if (is_claimed(folder)) return RunStatus::running;
  if (damaged) return RunStatus::lost;
  if (ended == "done") return RunStatus::done;
  if (ended == "failed") return RunStatus::failed;
  bool begun = has_record && ended != "stopped";
  return begun || was_left_behind(folder) ? RunStatus::lost : RunStatus::planned;
}

RunState state_of(const Plan& plan, const PlannedRun& run, const std::filesystem::path& sweep) {
  std::filesystem::path folder = sweep / run.folder;
  RunState state;
  std::string damage = read_files(folder, state);
  state.damaged = !damage.empty();
  const Arm& arm = plan.arms[run.arm];
  if (state.record) state.stale = state.record->group != arm.group || state.record->seed != run.seed;
  if (state.stale) {
    state.summary = {};
    state.record.reset();
  }
  if (state.stale)
    state.status = is_claimed(folder) ? RunStatus::running : RunStatus::planned;
  else
    state.status = status_of(folder, state.damaged, state.record.has_value(), state.summary.status);
  if (state.status == RunStatus::failed) state.reason = state.summary.fail_reason;
  if (state.status == RunStatus::lost) state.reason = state.damaged ? damage : kNoSummary;
  return state;
}

std::string last_log_line(const std::filesystem::path& folder) {
  std::vector<std::string> lines = log_tail(folder);
  return lines.empty() ? "" : lines.back();
}

std::string error_in_log(const std::filesystem::path& folder) {
  std::vector<std::string> lines = log_tail(folder);
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    for (std::string_view mark : {"error: ", "internal error: "})
      if (line->starts_with(mark) && line->size() > mark.size()) return line->substr(mark.size());
  return lines.empty() ? "it left no message" : lines.back();
}

}  // namespace caddie
