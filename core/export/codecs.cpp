// SPDX-License-Identifier: Apache-2.0
// Encodes an artifact with each compressor and layout, and sorts the results by size.
#include "export/codecs.h"

#include <algorithm>

#include "base/stopwatch.h"

namespace caddie {

std::string text_of(const ByteLayout& layout) {
  std::string text = layout.shuffle_bytes ? "shuffled bytes" : "";
  if (layout.pack_bits) text += text.empty() ? "packed bits" : ", packed bits";
  return text.empty() ? "plain" : text;
}

std::vector<CodecResult> compare_codecs(Artifact artifact, Registry& registry, StatusLine& status) {
  constexpr ByteLayout kLayouts[] = {{false, false}, {true, false}, {true, true}};
  std::vector<CodecResult> results;
  for (const PluginFile& file : registry.files()) {
    if (registry.open(file.name, "compare").entry->kind != Kind::kCompressor) continue;
    auto compressor = registry.make<Compressor>(file.name, "compare");
    artifact.compressor = file.name;
    for (const ByteLayout& layout : kLayouts) {
      artifact.byte_layout = layout;
      status.show(file.name + ", " + text_of(layout));
      Stopwatch clock;
      auto bytes = int64_t(encode(artifact, *compressor).size());
      results.push_back({file.name, text_of(layout), bytes, clock.seconds()});
    }
  }
  std::stable_sort(results.begin(), results.end(),
                   [](const CodecResult& a, const CodecResult& b) { return a.bytes < b.bytes; });
  return results;
}

}  // namespace caddie
