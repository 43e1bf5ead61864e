// SPDX-License-Identifier: Apache-2.0
// Measures how large an artifact would be with each compressor and layout.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/console.h"
#include "export/artifact.h"
#include "plugin/registry.h"

namespace caddie {

/// Returns "plain", "shuffled bytes", "packed bits" or "shuffled bytes, packed bits".
std::string text_of(const ByteLayout& layout);

/// Describes the file that another compressor or layout would make.
struct CodecResult {
  std::string compressor, layout;
  int64_t bytes = 0;
  double seconds = 0;  // the time that making it took
};

/// Tries every compressor of the registry, with its default settings, on every byte layout that can matter,
/// and returns the results by rising bytes. It is slow, for it compresses the artifact once for each. Tells
/// on `status` which one is at work. The layout of a plugin, if the artifact has one, is not among them.
std::vector<CodecResult> compare_codecs(Artifact artifact, Registry& registry, StatusLine& status);

}  // namespace caddie
