// SPDX-License-Identifier: Apache-2.0
// Logs in the forms of upstream's and of modded-nanogpt's, with numbers that were made up.
#pragma once

#include <filesystem>
#include <string>

#include "base/files.h"
#include "support/paths.h"

namespace caddie::testing {

/// The folder of the logs: rates/ (two arms of three seeds), learned/ (one arm that learns at evaluation,
/// behind the script's source) and speedrun/ (four runs without bits per byte).
inline std::filesystem::path fixture_logs() { return source_folder() / "tests/fixtures/logs"; }

/// The text of one of them.
inline std::string log_text(const std::string& name) { return read_file(fixture_logs() / name); }

}  // namespace caddie::testing
