// SPDX-License-Identifier: Apache-2.0
// Each check is a function of rules and evidence, and a row of one table.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "submission/evidence.h"
#include "submission/rules.h"

namespace caddie {

/// Says whether something that is asked is there; `not_shown` is neither yes nor no, for want of evidence.
enum class RuleVerdict { met, not_shown, not_met };
/// Returns "met", "not shown" or "not met".
std::string_view name_of(RuleVerdict verdict);

/// Holds what a check found.
struct RuleFinding {
  RuleVerdict verdict = RuleVerdict::met;
  std::string asked;                  // what the rules ask, in words
  std::vector<std::string> evidence;  // what speaks for it or against it, with the places

  /// Adds evidence; the verdict becomes the worse one of its own and this.
  void add(RuleVerdict found, std::string text);
};

/// Describes one check; `find` returns nothing where the rules do not ask for it.
struct SubmissionCheck {
  const char* name;
  std::optional<RuleFinding> (*find)(const Rules& rules, const SubmissionFacts& facts);
};

/// Returns all checks, in the order in which they are told.
std::span<const SubmissionCheck> submission_checks();

// Checks of size and time.
std::optional<RuleFinding> check_bytes(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_train_time(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_eval_time(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_faster(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_hardware(const Rules& rules, const SubmissionFacts& facts);

// Checks of the runs together.
std::optional<RuleFinding> check_runs(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_seeds(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_settings(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_significance(const Rules& rules, const SubmissionFacts& facts);

// Checks of what was scored, and of data.
std::optional<RuleFinding> check_coverage(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_bytes_per_token(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_score_first(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_single_pass(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_same_data(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_shards(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_overlap(const Rules& rules, const SubmissionFacts& facts);

// Checks of the folder.
std::optional<RuleFinding> check_files(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_fields(const Rules& rules, const SubmissionFacts& facts);
std::optional<RuleFinding> check_claims(const Rules& rules, const SubmissionFacts& facts);

}  // namespace caddie
