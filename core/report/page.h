// SPDX-License-Identifier: Apache-2.0
// A sweep becomes one HTML page without any other file: question, table, forest plot, curves, bytes against
// score, and provenance.
#pragma once

#include <filesystem>
#include <string>

#include "report/ablation.h"

namespace caddie {

/// Returns the page, which is light or dark as the reader's system asks. `folder` is that of the sweep, where
/// the curves are read.
std::string report_page(const Ablation& ablation, const std::filesystem::path& folder);

}  // namespace caddie
