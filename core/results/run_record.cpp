// SPDX-License-Identifier: Apache-2.0
// A run.json that is damaged never passes for a missing one: reading it throws Error and says what helps.
#include "results/run_record.h"

#include <ctime>

#include <caddie/error.h>

#include "base/exit_code.h"
#include "base/sealed_json.h"

namespace caddie {

std::optional<double> RunRecord::started() const {
  std::tm parts = {};
  const char* end = strptime(started_at.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  if (!end || *end != '\0') return std::nullopt;
  return double(timegm(&parts));
}

std::optional<RunRecord> read_run_record(const std::filesystem::path& folder) {
  std::filesystem::path file = folder / kRecordFile;
  if (!std::filesystem::exists(file)) return std::nullopt;
  std::string problem;
  try {
    Json json = read_sealed(file);
    problem = file.string() + ": damaged: not the record of a run: ";
    auto record = read_fields<RunRecord>(json);
    check(!record.key.empty() || !record.group.empty(), "it has neither key nor group");
    check(record.group.empty() || record.seed, "it has a group, but no seed");
    return record;
  } catch (const std::exception& error) {
    problem += reason_of(error);
  }
  fail("{}; start the run over with --fresh", problem);
}

void check_not_imported(const std::filesystem::path& folder) {
  std::optional<RunRecord> record = read_run_record(folder);
  if (record && !record->imported_from.empty())
    fail_usage("{}: was imported from {}, so that there are no weights; name a run of Caddie's own",
               folder.string(), record->imported_from);
}

void write_run_record(const std::filesystem::path& folder, const RunRecord& record) {
  write_sealed(folder / kRecordFile, written(record));
}

}  // namespace caddie
