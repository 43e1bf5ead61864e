// SPDX-License-Identifier: Apache-2.0
// Names, data and versions tell when a run was made by other people than those that it is pooled with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "import/foreign_run.h"

namespace caddie {

/// Holds a run that differs from the others of its arm in where it comes from, and what shows it.
struct Stranger {
  const ForeignRun* run = nullptr;
  std::vector<std::string> evidence;
};

/// Returns the runs that look like those of another record. A run does when its file's name tells a pull
/// request that most of the others' do not, or when it differs from most of them in two of: the folder of the
/// data, the number of training shards, the versions, the device, the bytes of the code.
std::vector<Stranger> strangers_among(const std::vector<const ForeignRun*>& runs);

/// Returns the number of the pull request in a file's name, "pr1851" or "PR-1851"; nothing when there is
/// none.
std::optional<int64_t> pull_request_in(std::string_view name);

/// Tells whether a file's name says that it is a rerun.
bool says_rerun(std::string_view name);

}  // namespace caddie
