// SPDX-License-Identifier: Apache-2.0
// A sweep becomes one HTML page that needs nothing else: question, table, forest plot, curves, cost,
// provenance.
#pragma once

#include <filesystem>
#include <string>

#include "report/ablation.h"

namespace caddie {

/// Returns the page, which is light or dark as the reader's system is. `folder` is that of the sweep, where
/// the curves are read.
std::string report_page(const Ablation& ablation, const std::filesystem::path& folder);

}  // namespace caddie
