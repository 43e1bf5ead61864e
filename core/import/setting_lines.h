// SPDX-License-Identifier: Apache-2.0
// Lines in which a training script prints its settings: a block of hyperparameters, or fields line by line.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "results/json_fields.h"

namespace caddie {

/// Tells whether the line is the head of a block of settings, "Hyperparameters:".
bool is_block_head(std::string_view line);

/// Reads "  name: value" or "  name=value", as a block of settings has them: behind white space, with nothing
/// for an empty value. Returns nothing for any other line.
std::optional<std::pair<std::string, std::string>> block_item(std::string_view line);

/// Reads a line that holds nothing but fields, such as "world_size:8 grad_accum_steps:1". Values that say how
/// far something has come, or how long it took, make it another line, for which nothing is returned.
std::optional<Labelled<std::string>> setting_line(std::string_view line);

/// Reads "Running NAME VERSION ...". Returns the name in lower case and the version, or nothing for any other
/// line.
std::optional<std::pair<std::string, std::string>> version_line(std::string_view line);

/// Returns the name of the device in a row of nvidia-smi's table; "" in any other line.
std::string device_in_row(std::string_view line);

/// Returns the number that such a row begins with; nothing when it begins otherwise.
std::optional<int64_t> number_of_device(std::string_view row);

}  // namespace caddie
