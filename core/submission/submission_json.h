// SPDX-License-Identifier: Apache-2.0
// The text of submission.json has the names that most records of openai/parameter-golf use.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "submission/arm_facts.h"

namespace caddie {

/// Returns the object: words of the author, the means over seeds of val_bpb and val_loss with their sample
/// SDs, the bytes of the largest run, hardware, and a member of `seed_results` for each seed, whose names are
/// among those that `caddie import` knows. What is not known is null, or "" where it would be a text.
Json submission_json(const ArmFacts& facts);

/// Returns the track that the verdicts fit: "10min_16mb" when bytes, hardware and times are met,
/// "non_record_16mb" when the bytes alone are; "" when something of it is not shown.
std::string track_of(const Checklist& checklist);

/// Returns the texts of the object that its author has to fill in, by name and option: "author (--author)".
std::vector<std::string> texts_to_fill_in(const SubmissionWords& words);

}  // namespace caddie
