// SPDX-License-Identifier: Apache-2.0
// The checklist is what `caddie verify` prints: every check that the rules ask for, with its verdict.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.h"
#include "submission/checks.h"

namespace caddie {

/// Holds a finding with the name of its check.
struct ChecklistLine {
  std::string name;
  RuleFinding finding;
};

/// Holds the findings of all checks that were asked for.
struct Checklist {
  std::vector<ChecklistLine> lines;

  size_t count(RuleVerdict verdict) const;
  /// Tells whether nothing speaks against the submission: no check is not met, and where `strict` none is not
  /// shown.
  bool passes(bool strict) const;
};

/// Runs every check. It reads nothing but the evidence.
Checklist checklist_of(const Rules& rules, const SubmissionFacts& facts);

/// Returns the checklist for people: the rules, the runs, a line a check with evidence below it, and counts.
std::string text_of(const Checklist& checklist, const Rules& rules, const SubmissionFacts& facts);

/// Returns the checklist for programs, as results/README.md describes it.
Json json_of(const Checklist& checklist, const Rules& rules, const SubmissionFacts& facts, bool strict);

}  // namespace caddie
