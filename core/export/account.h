// SPDX-License-Identifier: Apache-2.0
// Accounts for the bytes of an artifact: which groups of weights take how many of them.
#pragma once

#include "export/artifact.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace caddie {

/// Is the number of bytes that the published limit allows for the compressed model and the code together.
inline constexpr int64_t kArtifactLimit = 16'000'000;

/// Counts some tensors of an artifact together.
struct ByteGroup {
  std::string name;
  int64_t parameters = 0;
  int64_t raw_bytes = 0;         // the bytes of the weights as float32
  int64_t packed_bytes = 0;      // the bytes of the arrays before compression
  double entropy_bytes = 0;      // the order-0 entropy of the arrays, each byte of an element by itself
  int64_t compressed_bytes = 0;  // the size when this group is compressed alone; 0 when not measured
};

/// Returns the name of the group that a tensor belongs to.
using GroupOf = std::function<std::string(const ArtifactTensor& tensor)>;

/// Groups a tensor by the pattern of its name, which needs no model.
std::string group_by_name(const ArtifactTensor& tensor);
/// Groups tensors by the technique that declared the weight: "model", "value_table"; tensors that the model
/// lacks are called "unknown".
GroupOf group_by_owner(std::span<const WeightInfo> infos);

/// Returns the groups by falling packed bytes, then by name; corrections count with their weights.
/// `compressor` may be null; otherwise each group is compressed alone, in the layout of the artifact if that
/// is given, which takes as long as compressing the artifact.
std::vector<ByteGroup> account(const Artifact& artifact, const GroupOf& group_of, Compressor* compressor,
                               const Layout* layout = nullptr);

/// Returns the sums of the groups under the name "total".
ByteGroup total(std::span<const ByteGroup> groups);

/// Holds where the bytes of a whole file go: its tensors by name with layers together, by the technique that
/// declared them where the experiment is known, and by the plugin that stored them.
struct FileAccount {
  int64_t file_bytes = 0;
  bool measured = false;  // says that shares come from compressing each group alone, not from its entropy
  std::vector<ByteGroup> by_name, by_technique;
  std::vector<ByteGroup> by_quantizer;  // and by corrector, whose groups have no parameters
  ByteGroup all;                        // the sum of the groups by name

  /// Returns the share of the file that a group by name takes, in [0, 1].
  double share(const ByteGroup& group) const;
  /// Returns how many bits of the file each parameter of a group by name takes; 0 for a group without
  /// parameters.
  double bits_per_weight(const ByteGroup& group) const;
};

/// Returns the account of a file. `compressor` and `layout` are the file's own, by which shares are measured;
/// without a compressor they come from the entropy.
/// `infos` are the weights of the artifact's model, empty when it is not known.
FileAccount account_file(const Artifact& artifact, int64_t file_bytes, Compressor* compressor,
                         std::span<const WeightInfo> infos, const Layout* layout = nullptr);

/// Returns the order-0 entropy of an array in bytes: over the values that the first bytes of all elements
/// take, plus the same for the second bytes, and so on. The table of frequencies is not counted.
double entropy_bytes(const Array& array);

}  // namespace caddie
