// SPDX-License-Identifier: Apache-2.0
// Tables and submission files give a run's numbers by name, each in one of several spellings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "import/foreign_run.h"

namespace caddie {

/// Sets the number of a run that `name` stands for. Returns false, and changes nothing, when no number is
/// called so or the text is none. Names are those of the columns of runs.csv, and val_loss, bytes_total,
/// code_bytes, model_bytes, eval_time_seconds and others that submission files use; times that end in _ms are
/// in milliseconds.
bool set_number(ForeignRun& run, std::string_view name, std::string_view text);

/// Returns all names that set_number() knows.
std::vector<std::string> known_numbers();

}  // namespace caddie
