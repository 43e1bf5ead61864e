// SPDX-License-Identifier: Apache-2.0
// Finds errors that can be known before anything is trained: settings that do not go with the model, or with
// how much data there is. It also collects what is no error and yet seldom meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "experiment/experiment.h"

namespace caddie {

/// Tells how much data there is, as far as that is known.
struct DataSizes {
  int64_t training_tokens = 0;  // 0 while unknown
  std::vector<int64_t> shards;  // those of each training shard; empty while unknown
  int64_t positions = 0;        // the predicted positions of the validation stream; 0 while unknown
  int64_t documents = -1;  // the number of documents that start in the validation stream; -1 while unknown
  int start_token = -1;    // the token that starts each of them; -1 while unknown
};

/// Returns the sizes that the headers of the shards tell; those of shards that are not there are unknown.
/// Throws Error naming a shard that is damaged, or a validation stream that is too short.
DataSizes sizes_of(const DataSettings& data);

/// Says which table of an experiment is wrong, and what would be right.
struct Problem {
  std::string path;  // such as "evaluators.<label>"
  std::string text;
};

/// Returns the first problem of the plugins and sections of an experiment, or nothing.
std::optional<Problem> find_problem(const Experiment& experiment, const DataSizes& sizes);

/// Returns what the plugins say of settings that are right and yet seldom meant, each behind its table.
std::vector<std::string> remarks_on(const Experiment& experiment, const DataSizes& sizes);

}  // namespace caddie
