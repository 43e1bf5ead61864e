// SPDX-License-Identifier: Apache-2.0
// A log is read as the runs that it holds. Formats: openai/parameter-golf's two, and
// KellerJordan/modded-nanogpt's.
#pragma once

#include <string_view>
#include <vector>

#include "import/foreign_run.h"

namespace caddie {

/// Returns the runs of a log. `source` says where the text comes from. Parts without a step and without a
/// score are no runs, so that a text that is no log has none. Lines that were not understood are counted.
std::vector<ForeignRun> read_log(std::string_view text, const ForeignSource& source);

}  // namespace caddie
