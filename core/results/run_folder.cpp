// SPDX-License-Identifier: Apache-2.0
// A metrics.csv that is gone on with loses its rows after a given step, and a last line that was cut short.
#include "results/run_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"

namespace caddie {
namespace {

constexpr std::string_view kHeader = "step,tokens,time_s,name,value\n";

/// Returns the head and the rows of a metrics.csv whose step is at most `steps`, without a last line that was
/// cut short.
std::string rows_up_to(std::string_view journal, int64_t steps) {
  std::string kept(kHeader);
  if (journal.starts_with(kHeader)) journal.remove_prefix(kHeader.size());
  for (size_t end; (end = journal.find('\n')) != std::string_view::npos; journal.remove_prefix(end + 1)) {
    int64_t step = 0;
    auto [rest, error] = std::from_chars(journal.data(), journal.data() + end, step);
    if (error == std::errc() && *rest == ',' && step <= steps) kept += journal.substr(0, end + 1);
  }
  return kept;
}

}  // namespace

void check_recorded(const std::filesystem::path& folder, const RunSummary& summary) {
  std::filesystem::path file = folder / kRecordFile;
  if (std::filesystem::exists(file)) return;
  auto missing_beside = [&](const char* other) {
    fail("{}: missing, though {} beside it tells of a run; run it again", file.string(), other);
  };
  if (summary.is_there() && summary.status != "failed") missing_beside(kSummaryFile);
  bool was_killed = was_left_behind(folder) && !is_claimed(folder);
  if (!summary.is_there() && was_killed && std::filesystem::exists(folder / kSettingsFile))
    missing_beside(kSettingsFile);
}

std::optional<FolderClaim> claim_to_write(std::initializer_list<std::filesystem::path> files) {
  std::filesystem::path folder = std::filesystem::absolute(*files.begin()).parent_path();
  if (!std::filesystem::exists(folder / kRecordFile)) return std::nullopt;
  for (const std::filesystem::path& file : files)
    if (std::find(std::begin(kRunFiles), std::end(kRunFiles), file.filename()) != std::end(kRunFiles))
      fail_usage("{}: is what the run there left; name another file", file.string());
  return FolderClaim::take_or_refuse(folder, "wait for it or name another file");
}

RunFolder::RunFolder(std::filesystem::path path) : path_(std::move(path)) { make_folder(path_); }

std::string journal_hash(const std::filesystem::path& path, int64_t steps) {
  return xxh3(rows_up_to(read_file(path), steps));
}

Metrics::Metrics(const std::filesystem::path& path, int64_t steps) : path_(path) {
  std::string old = std::filesystem::exists(path) ? read_file(path) : "";
  write_file(path, rows_up_to(old, steps));
  file_.open(path, std::ios::app);
  check(file_.good(), "{}: cannot open it for appending", path.string());
}

void Metrics::add(int64_t step, int64_t tokens, double seconds, std::string_view name, double value) {
  file_ << fmt::format("{},{},{:.3f},{},{}\n", step, tokens, seconds, name, value);
}

void Metrics::flush() {
  file_.flush();
  check(file_.good(), "{}: cannot write to it; is the disk full?", path_.string());
}

}  // namespace caddie
