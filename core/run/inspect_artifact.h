// SPDX-License-Identifier: Apache-2.0
// `caddie artifact inspect` shows what takes the bytes of an artifact in a file, with the experiment beside
// it where there is one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "export/account.h"
#include "export/codecs.h"

namespace caddie {

/// Says what to inspect, and how thoroughly.
struct InspectRequest {
  std::filesystem::path file;        // the artifact
  std::filesystem::path experiment;  // the file that experiment_beside() takes as `named`
  // A number below 0 stands for the experiment's; without an experiment these are the published limit and 0.
  int64_t limit = -1, code_bytes = -1;
  bool fast = false;     // whether to compress nothing, so that shares come from the entropy
  bool compare = false;  // whether to try every compressor and layout
};

/// Holds what was found in an artifact.
struct Inspection {
  FileAccount account;
  size_t tensors = 0;
  std::string compressor, layout;
  int64_t limit = kArtifactLimit, code_bytes = 0;
  std::vector<CodecResult> alternatives;

  /// Returns the bytes that the limit leaves beside artifact and code; a negative number says how many are
  /// too many.
  int64_t headroom() const { return limit - code_bytes - account.file_bytes; }
};

/// Throws Error when the file is no artifact, or its experiment cannot be assembled.
Inspection inspect_artifact(const InspectRequest& request, StatusLine& status);

}  // namespace caddie
