// SPDX-License-Identifier: Apache-2.0
// The table of checks.
#include "submission/checks.h"

#include <algorithm>

namespace caddie {
namespace {

constexpr SubmissionCheck kChecks[] = {{"bytes", check_bytes},
                                       {"train_time", check_train_time},
                                       {"eval_time", check_eval_time},
                                       {"faster", check_faster},
                                       {"hardware", check_hardware},
                                       {"runs", check_runs},
                                       {"seeds", check_seeds},
                                       {"same_settings", check_settings},
                                       {"significance", check_significance},
                                       {"coverage", check_coverage},
                                       {"bytes_per_token", check_bytes_per_token},
                                       {"score_first", check_score_first},
                                       {"single_pass", check_single_pass},
                                       {"same_data", check_same_data},
                                       {"published_shards", check_shards},
                                       {"overlap", check_overlap},
                                       {"files", check_files},
                                       {"fields", check_fields},
                                       {"claims", check_claims}};

}  // namespace

std::string_view name_of(RuleVerdict verdict) {
  switch (verdict) {
    case RuleVerdict::met:
      return "met";
    case RuleVerdict::not_shown:
      return "not shown";
    case RuleVerdict::not_met:
      return "not met";
  }
  return "";
}

void RuleFinding::add(RuleVerdict found, std::string text) {
  verdict = std::max(verdict, found);
  evidence.push_back(std::move(text));
}

std::span<const SubmissionCheck> submission_checks() { return kChecks; }

}  // namespace caddie
