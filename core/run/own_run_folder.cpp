// SPDX-License-Identifier: Apache-2.0
// A folder passes by Caddie's mark, by the record of a run, or by having no file that a run would overwrite.
#include "run/own_run_folder.h"

#include <caddie/error.h>

#include <optional>

#include "base/owned_folder.h"
#include "results/run_folder.h"
#include "results/run_record.h"

namespace caddie {

std::filesystem::path own_run_folder(const std::filesystem::path& folder) {
  if (make_owned_folder(folder)) return folder;
  try {
    if (std::optional<RunRecord> record = read_run_record(folder); record && !record->key.empty())
      return folder;
  } catch (const Error&) {
    // The file is no record of a run, so the folder is checked like any other.
  }
  check_nothing_foreign(folder, kRunFiles);
  constexpr const char* kFolders[] = {kPrivateStore};
  check_nothing_foreign(folder, kFolders);
  return folder;
}

}  // namespace caddie
