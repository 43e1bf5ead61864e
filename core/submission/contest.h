// SPDX-License-Identifier: Apache-2.0
// What openai/parameter-golf asked of a record of its track of ten minutes and 16 MB, held against runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "submission/submission_facts.h"

namespace caddie {

/// Holds one thing that the contest asks, and whether the runs show it.
struct Requirement {
  std::string what;
  std::optional<bool> met;  // nothing where the runs do not tell
  std::string found;        // what the runs show, in words
  /// Returns "met", "not met" or "not shown".
  std::string verdict() const;
};

/// Returns the requirements in the order in which the contest's rules name them: hardware, bytes, time to
/// train, time to evaluate, seeds, and the margin to the record before.
std::vector<Requirement> contest_requirements(const SubmissionFacts& facts);

/// Returns the track that the runs fit: "10min_16mb" when hardware, bytes and times are met,
/// "non_record_16mb" when the bytes are, else "".
std::string track_of(const std::vector<Requirement>& requirements);

}  // namespace caddie
