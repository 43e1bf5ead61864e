// SPDX-License-Identifier: Apache-2.0
// Sums the bytes of an artifact's tensors by group, and computes their entropy.
#include "export/account.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/entropy.h"
#include "model/weights.h"

namespace caddie {
namespace {

void add(const Packed& packed, ByteGroup& group) {
  for (const Array& array : packed) {
    group.packed_bytes += int64_t(array.bytes.size());
    group.entropy_bytes += entropy_bytes(array);
  }
}

void add(const ArtifactTensor& tensor, ByteGroup& group) {
  group.parameters += tensor.shape.numel();
  group.raw_bytes += tensor.shape.numel() * bytes_of(Type::kFloat32);
  add(tensor.packed, group);
  for (const Correction& correction : tensor.corrections) add(correction.packed, group);
}

/// Returns the artifact with each correction as a tensor of no parameters, whose quantizer is the corrector.
Artifact corrections_apart(const Artifact& artifact) {
  Artifact apart;
  for (const ArtifactTensor& tensor : artifact.tensors) {
    apart.tensors.push_back({tensor.name, tensor.quantizer, tensor.shape, tensor.packed});
    for (const Correction& correction : tensor.corrections)
      apart.tensors.push_back({tensor.name, correction.corrector, {0}, correction.packed});
  }
  return apart;
}

}  // namespace

double entropy_bytes(const Array& array) {
  auto width = size_t(bytes_of(array.type));
  double bits = 0;
  for (size_t plane = 0; plane < width; ++plane) {
    std::array<int64_t, 256> counts = {};
    for (size_t i = plane; i < array.bytes.size(); i += width) ++counts[uint8_t(array.bytes[i])];
    bits += entropy_bits(counts);
  }
  return bits / 8;
}

std::string group_by_name(const ArtifactTensor& tensor) { return name_pattern(tensor.name); }

GroupOf group_by_owner(std::span<const WeightInfo> infos) {
  std::map<std::string, std::string> owners;
  for (const WeightInfo& info : infos) owners[info.name] = info.owner;
  return [owners](const ArtifactTensor& tensor) {
    auto found = owners.find(tensor.name);
    return found == owners.end() ? std::string("unknown") : found->second;
  };
}

std::vector<ByteGroup> account(const Artifact& artifact, const GroupOf& group_of, Compressor* compressor,
                               const Layout* layout) {
  std::map<std::string, Artifact> parts;
  for (const ArtifactTensor& tensor : artifact.tensors) {
    Artifact& part = parts[group_of(tensor)];
    part.layout = artifact.layout;
    part.tensors.push_back(tensor);
  }
  std::vector<ByteGroup> groups;
  for (const auto& [name, part] : parts) {
    ByteGroup& group = groups.emplace_back();
    group.name = name;
    for (const ArtifactTensor& tensor : part.tensors) add(tensor, group);
    if (compressor) group.compressed_bytes = int64_t(compressor->compress(payload_of(part, layout)).size());
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const ByteGroup& a, const ByteGroup& b) { return a.packed_bytes > b.packed_bytes; });
  return groups;
}

ByteGroup total(std::span<const ByteGroup> groups) {
  ByteGroup sum;
  sum.name = "total";
  for (const ByteGroup& group : groups) {
    sum.parameters += group.parameters;
    sum.raw_bytes += group.raw_bytes;
    sum.packed_bytes += group.packed_bytes;
    sum.entropy_bytes += group.entropy_bytes;
    sum.compressed_bytes += group.compressed_bytes;
  }
  return sum;
}

double FileAccount::share(const ByteGroup& group) const {
  double part = measured ? double(group.compressed_bytes) : group.entropy_bytes;
  double whole = measured ? double(all.compressed_bytes) : all.entropy_bytes;
  return whole > 0 ? part / whole : 0;
}

double FileAccount::bits_per_weight(const ByteGroup& group) const {
  return group.parameters > 0 ? 8 * share(group) * double(file_bytes) / double(group.parameters) : 0;
}

FileAccount account_file(const Artifact& artifact, int64_t file_bytes, Compressor* compressor,
                         std::span<const WeightInfo> infos, const Layout* layout) {
  FileAccount file;
  file.file_bytes = file_bytes;
  file.measured = compressor != nullptr;
  file.by_name = account(artifact, group_by_name, compressor, layout);
  file.by_quantizer = account(
      corrections_apart(artifact), [](const ArtifactTensor& tensor) { return tensor.quantizer; }, nullptr);
  if (!infos.empty()) file.by_technique = account(artifact, group_by_owner(infos), nullptr);
  file.all = total(file.by_name);
  return file;
}

}  // namespace caddie
