// SPDX-License-Identifier: Apache-2.0
// The conclusion says how the end of a sweep's work is called: fine, to be gone on with, or failed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/exit_code.h"
#include "sweep/runner.h"

namespace caddie {

struct Conclusion {
  ExitCode code = kFine;
  std::string error;  // an error for people; empty when the code is kFine
  // This is for people, on what is left although nothing went wrong; it may be empty.
  std::string note;
};

/// `runs` is the number of runs in the whole plan. `onward` holds the words for how it goes on, such as "the
/// same command goes on". `claim_met` is nothing without a claim, or while it is open. What went wrong with
/// runs comes before the claim.
Conclusion conclude(const RunnerResult& result, size_t runs, const std::filesystem::path& folder,
                    const std::string& onward, std::optional<bool> claim_met);

}  // namespace caddie
