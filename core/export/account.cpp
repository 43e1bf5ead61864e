// SPDX-License-Identifier: Apache-2.0
// Sums the bytes of an artifact's tensors by group, and computes their entropy.
#include "export/account.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/text.h"
#include "model/weights.h"

namespace caddie {
namespace {

constexpr size_t kNamedGroups = 3;  // The error about the limit names so many groups.

double entropy_bits(const std::array<int64_t, 256>& counts, int64_t total) {
  double bits = 0;
  for (int64_t count : counts)
    if (count > 0) bits += double(count) * std::log2(double(total) / double(count));
  return bits;
}

std::string_view name_of(Place place) {
  constexpr std::string_view names[] = {"other",         "tokens", "query",   "key", "value",
                                        "attention_out", "mlp_in", "mlp_out", "head"};
  return names[size_t(place)];
}

/// Groups tensors by what `name_of_info` says of their weights; tensors that the model lacks are called
/// "unknown".
template <class NameOf>
GroupOf group_by_info(std::span<const WeightInfo> infos, NameOf name_of_info) {
  std::map<std::string, std::string> groups;
  for (const WeightInfo& info : infos) groups[info.name] = std::string(name_of_info(info));
  return [groups](const ArtifactTensor& tensor) {
    auto found = groups.find(tensor.name);
    return found == groups.end() ? std::string("unknown") : found->second;
  };
}

void add(const ArtifactTensor& tensor, ByteGroup& group) {
  group.parameters += tensor.shape.numel();
  group.raw_bytes += tensor.shape.numel() * bytes_of(Type::kFloat32);
  for (const Array& array : tensor.packed) {
    group.packed_bytes += int64_t(array.bytes.size());
    group.entropy_bytes += entropy_bytes(array);
  }
}

}  // namespace

double entropy_bytes(const Array& array) {
  auto width = size_t(bytes_of(array.type));
  double bits = 0;
  for (size_t plane = 0; plane < width; ++plane) {
    std::array<int64_t, 256> counts = {};
    for (size_t i = plane; i < array.bytes.size(); i += width) ++counts[uint8_t(array.bytes[i])];
    bits += entropy_bits(counts, int64_t(array.bytes.size() / width));
  }
  return bits / 8;
}

std::string group_by_name(const ArtifactTensor& tensor) { return name_pattern(tensor.name); }

GroupOf group_by_owner(std::span<const WeightInfo> infos) {
  return group_by_info(infos, [](const WeightInfo& info) { return info.owner; });
}

GroupOf group_by_place(std::span<const WeightInfo> infos) {
  return group_by_info(infos, [](const WeightInfo& info) {
    return info.place == Place::kOther ? caddie::name_of(info.role) : name_of(info.place);
  });
}

std::vector<ByteGroup> account(const Artifact& artifact, const GroupOf& group_of, Compressor* compressor) {
  std::map<std::string, Artifact> parts;
  for (const ArtifactTensor& tensor : artifact.tensors) parts[group_of(tensor)].tensors.push_back(tensor);
  std::vector<ByteGroup> groups;
  for (const auto& [name, part] : parts) {
    ByteGroup& group = groups.emplace_back();
    group.name = name;
    for (const ArtifactTensor& tensor : part.tensors) add(tensor, group);
    if (compressor) group.compressed_bytes = int64_t(compressor->compress(payload_of(part)).size());
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
                         std::span<const WeightInfo> infos) {
  FileAccount file;
  file.file_bytes = file_bytes;
  file.measured = compressor != nullptr;
  file.by_name = account(artifact, group_by_name, compressor);
  file.by_quantizer = account(
      artifact, [](const ArtifactTensor& tensor) { return tensor.quantizer; }, nullptr);
  if (!infos.empty()) file.by_technique = account(artifact, group_by_owner(infos), nullptr);
  file.all = total(file.by_name);
  return file;
}

void check_limit(int64_t artifact_bytes, int64_t code_bytes, int64_t limit,
                 std::span<const ByteGroup> groups) {
  int64_t bytes = artifact_bytes + code_bytes;
  if (bytes <= limit) return;
  std::vector<std::string> largest;
  for (const ByteGroup& group : groups.first(std::min(groups.size(), kNamedGroups)))
    largest.push_back(message("{} ({} packed)", {group.name, with_commas(group.packed_bytes)}));
  fail("artifact: {} bytes, and {} of code, are {} over the limit of {}{}{}", with_commas(artifact_bytes),
       with_commas(code_bytes), with_commas(bytes - limit), with_commas(limit),
       largest.empty() ? "" : "; the largest groups are ", join(largest, ", "));
}

}  // namespace caddie
