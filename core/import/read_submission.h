// SPDX-License-Identifier: Apache-2.0
// A submission.json, as records of openai/parameter-golf have one, holds results for each seed, or one for
// all.
#pragma once

#include <string_view>
#include <vector>

#include "import/foreign_run.h"

namespace caddie {

/// Names the file of a record that tells its results.
inline constexpr const char* kSubmissionFile = "submission.json";

/// Returns the runs of a submission file: one for each seed where a member holds results by seed, as an
/// object ("42": {...}) or as a list of objects that have a seed; else one run with the numbers of the whole.
/// Names of numbers are those that set_number() knows. Throws Error naming the source when the text is no
/// JSON object, or no score is in it.
std::vector<ForeignRun> read_submission(std::string_view text, const ForeignSource& source);

}  // namespace caddie
