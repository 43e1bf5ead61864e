// SPDX-License-Identifier: Apache-2.0
// Where the bytes of an artifact go.
#pragma once

#include "export/artifact.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace caddie {

/// What the published limit allows for the compressed model and the code together.
inline constexpr int64_t kArtifactLimit = 16'000'000;

/// Some tensors of an artifact, counted together.
struct ByteGroup {
  std::string name;
  int64_t parameters = 0;
  int64_t raw_bytes = 0;         // as float32
  int64_t packed_bytes = 0;      // of the arrays, before compression
  double entropy_bytes = 0;      // order-0 entropy of the arrays, each byte of an element by itself
  int64_t compressed_bytes = 0;  // of the arrays compressed without the other groups; 0 when not measured
};

/// The group of a tensor.
using GroupOf = std::function<std::string(const ArtifactTensor& tensor)>;

/// By the pattern of its name. Needs no model.
std::string group_by_name(const ArtifactTensor& tensor);
/// By the technique that declared the weight: "model", "value_table".
GroupOf group_by_owner(std::span<const WeightInfo> infos);
/// By place, or by role where the place tells nothing: "query", "vector".
GroupOf group_by_place(std::span<const WeightInfo> infos);

/// The groups by falling packed bytes, then by name. `compressor` may be null; otherwise each group is
/// compressed alone, which takes as long as compressing the artifact.
std::vector<ByteGroup> account(const Artifact& artifact, const GroupOf& group_of, Compressor* compressor);

/// The sums, named "total".
ByteGroup total(std::span<const ByteGroup> groups);

/// Order-0 entropy of an array in bytes: over the values that the first bytes of all elements take, plus the
/// same for the second bytes, and so on. The table of frequencies is not counted.
double entropy_bytes(const Array& array);

/// Throws Error when the artifact's bytes and the code's exceed the limit; says by how much and names the
/// largest groups.
void check_limit(int64_t artifact_bytes, int64_t code_bytes, int64_t limit,
                 std::span<const ByteGroup> groups);

}  // namespace caddie
