// SPDX-License-Identifier: Apache-2.0
// This benchmark times the way from weights to the artifact and back on the production path, with random
// weights.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "results/run_folder.h"

namespace caddie {

/// Says which experiment is exported. The overrides are assignments "path=value".
struct ExportBench {
  std::filesystem::path experiment;
  std::vector<std::string> overrides;
  bool quiet = false;
};

/// Returns the seconds and sizes of the steps. The matrices are normal with deviation 1, so that rows fill
/// their quantizer's grid. The keys of the result are parameters, prune_s, calibrate_s, quantize_s, trim_s,
/// compress_s, read_s (expanded and dequantized), bytes, payload_bytes, entropy_bytes, peak_mem_bytes,
/// threads.
Json bench_export(const ExportBench& bench);

}  // namespace caddie
