// SPDX-License-Identifier: Apache-2.0
// Runs parity cases: does Caddie compute what upstream's own code computed?
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "parity/upstream.h"
#include "plugin/registry.h"

namespace caddie::parity {

enum class Status : uint8_t { kPass, kFail, kSkip };
std::string_view name_of(Status status);  // "PASS"

struct Result {
  std::string name;
  Status status = Status::kSkip;
  double error = 0, tolerance = 0;  // of the comparison that came closest to failing, or failed worst
  std::string reason = {};          // what failed, what Caddie lacks, or what was left out
};

/// Folders at or below `folder` that hold a case.json, sorted. Throws Error when there is none.
std::vector<std::filesystem::path> find_cases(const std::filesystem::path& folder);

/// Never throws for what a case holds: a malformed one fails, with the reason.
Result run_case(const std::filesystem::path& folder, Registry& registry, const UpstreamTable& table);

}  // namespace caddie::parity
