// SPDX-License-Identifier: Apache-2.0
// Tokens and their bytes go to series of shards that are cut alike.
#include "data/split_writer.h"

#include <algorithm>
#include <numeric>
#include <span>

namespace caddie {

SplitWriter::SplitWriter(const std::filesystem::path& folder, const std::string& name, int64_t shard_tokens,
                         const Vocabulary& vocabulary)
    : vocabulary_(vocabulary),
      shards_(folder, name, shard_tokens),
      sidecars_(folder, name + std::string(kSidecar), shard_tokens) {}

void SplitWriter::add(const std::vector<int32_t>& ids) {
  counts_.overcount += vocabulary_.overcount(std::vector<uint16_t>(ids.begin(), ids.end()));
  std::span<const int32_t> all(ids);
  add(ids, vocabulary_.bytes(all.first(all.size() - 1), all.subspan(1)));
}

void SplitWriter::add(const std::vector<int32_t>& ids, const std::vector<uint16_t>& bytes) {
  sidecars_.append(bytes);
  add(ids, std::accumulate(bytes.begin(), bytes.end(), int64_t(0)));
}

void SplitWriter::add(const std::vector<int32_t>& ids, int64_t bytes) {
  shards_.append(std::vector<uint16_t>(ids.begin(), ids.end()));
  counts_.unknown += std::count(ids.begin(), ids.end(), vocabulary_.unknown_id());
  counts_.documents += 1;
  counts_.tokens += int64_t(ids.size());
  counts_.bytes += bytes;
}

Encoded SplitWriter::finish() {
  Encoded split{.counts = counts_, .shards = shards_.finish(), .sidecars = sidecars_.finish()};
  split.counts.shards = int64_t(split.shards.size());
  return split;
}

}  // namespace caddie
