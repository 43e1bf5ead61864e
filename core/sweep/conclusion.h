// SPDX-License-Identifier: Apache-2.0
// The conclusion of a sweep turns what came of its runs into an exit code and a sentence for people.
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
  // This tells people which runs are left although nothing went wrong; it may be empty.
  std::string note;
};

/// Returns the conclusion of run_plan(). `runs` is the number of runs in the whole plan. `onward` says how
/// the sweep is resumed, such as "the same command goes on". `claim_met` is nothing without a claim, or while
/// it is open. What went wrong with runs is told rather than the claim.
Conclusion conclude(const RunnerResult& result, size_t runs, const std::filesystem::path& folder,
                    const std::string& onward, std::optional<bool> claim_met);

}  // namespace caddie
