// SPDX-License-Identifier: Apache-2.0
// How large an artifact would be under every compressor and layout there is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/console.h"
#include "export/artifact.h"
#include "plugin/registry.h"

namespace caddie {

/// "plain", "shuffled bytes" or "shuffled bytes, packed bits".
std::string text_of(const Layout& layout);

/// The file that another compressor or layout would make.
struct CodecResult {
  std::string compressor, layout;
  int64_t bytes = 0;
  double seconds = 0;  // to make it
};

/// Every compressor of the registry, with its default settings, on every layout that can matter; by rising
/// bytes. Compresses the artifact once for each: slow. Tells on `status` which one is at work.
std::vector<CodecResult> compare_codecs(Artifact artifact, Registry& registry, StatusLine& status);

}  // namespace caddie
