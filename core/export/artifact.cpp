// SPDX-License-Identifier: Apache-2.0
// Encodes and decodes the format that artifact.h describes. Decoding trusts no byte of the file.
#include "export/artifact.h"

#include <xxhash.h>

#include <cstring>
#include <set>

#include "base/byte_shuffle.h"
#include "base/text.h"
#include "export/bit_packing.h"
#include "export/payload.h"

namespace caddie {
namespace {

using namespace payload;

constexpr std::string_view kMagic = "CAD";
constexpr uint8_t kOldestVersion = 2, kVersion = 3;
constexpr size_t kHashBytes = 8;

/// Returns the version of a file around a payload that begins with this byte.
uint8_t version_of(uint8_t flags) { return flags & (kCorrected | kArranged) ? kVersion : kOldestVersion; }

/// Returns one hash for the whole file: the head seeds that of the compressed payload, which seeds the
/// expanded one's.
uint64_t hash_of(std::string_view head, std::string_view compressed, std::string_view payload) {
  uint64_t hash = XXH3_64bits(head.data(), head.size());
  hash = XXH3_64bits_withSeed(compressed.data(), compressed.size(), hash);
  return XXH3_64bits_withSeed(payload.data(), payload.size(), hash);
}

void write_arrays(const Packed& packed, const ArtifactTensor& tensor, const ByteLayout& layout,
                  Writer& directory) {
  directory.count(packed.size());
  for (const Array& array : packed) {
    check(int64_t(array.bytes.size()) == byte_count(array.shape, array.type),
          "artifact: array '{}' of '{}' has {} bytes, which do not fill its shape {}", array.name,
          tensor.name, array.bytes.size(), array.shape);
    directory.name(array.name);
    bool as_weight = array.shape == tensor.shape;
    directory.byte(uint8_t(uint8_t(array.type) | (as_weight ? kShapeOfWeight : 0)));
    if (!as_weight) directory.shape(array.shape);
    if (is_packed(array, layout)) directory.byte(uint8_t(bits_of(array.bytes)));
  }
}

void write_directory(const Artifact& artifact, Writer& directory) {
  std::set<std::string> names;
  bool corrected = is_corrected(artifact);
  directory.count(artifact.tensors.size());
  for (const ArtifactTensor& tensor : artifact.tensors) {
    check(names.insert(tensor.name).second, "artifact: two tensors are called '{}'", tensor.name);
    directory.name(tensor.name);
    directory.name(tensor.quantizer);
    directory.shape(tensor.shape);
    write_arrays(tensor.packed, tensor, artifact.byte_layout, directory);
    if (!corrected) continue;
    directory.count(tensor.corrections.size());
    for (const Correction& correction : tensor.corrections) {
      directory.name(correction.corrector);
      write_arrays(correction.packed, tensor, artifact.byte_layout, directory);
    }
  }
  check(directory.bytes.size() <= kDirectoryLimit,
        "artifact: a directory of {} bytes is too long; {} are possible", directory.bytes.size(),
        kDirectoryLimit);
}

}  // namespace

std::string name_pattern(std::string_view name) {
  std::vector<std::string> parts = split(name, '.');
  for (std::string& part : parts)
    if (!part.empty() && part.find_first_not_of("0123456789") == std::string::npos) part = "*";
  return join(parts, ".");
}

void ByteLayout::settings(Settings& s) {
  s("shuffle_bytes", shuffle_bytes, "bring the first bytes of all numbers together, then the second ones");
  s("pack_bits", pack_bits, "store integers in as few bits as they need; makes most files larger");
}

std::string payload_of(const Artifact& artifact, const Layout* layout) {
  const ByteLayout& bytes = artifact.byte_layout;
  check(!layout || !bytes.pack_bits, "artifact: packed bits have no layout but their own");
  Writer writer;
  writer.byte(uint8_t((bytes.shuffle_bytes ? kShuffled : 0) | (bytes.pack_bits ? kPacked : 0) |
                      (is_corrected(artifact) ? kCorrected : 0) | (layout ? kArranged : 0)));
  if (layout) writer.name(artifact.layout);
  write_directory(artifact, writer);
  auto arrays = arrays_in_order(artifact.tensors);
  if (layout) {
    std::string integers = layout->arrange(integers_among(arrays));
    writer.count(integers.size());
    writer.bytes += integers;
  }
  std::string payload = std::move(writer.bytes);
  for (const auto& one : arrays) {
    const Array& array = *one.array;
    if (layout && array.type == Type::kInt8) continue;
    if (is_packed(array, bytes))
      payload += pack_bits(array.bytes, bits_of(array.bytes));
    else if (bytes.shuffle_bytes)
      payload += shuffle_bytes(array.bytes, size_t(caddie::bytes_of(array.type)));
    else
      payload += array.bytes;
  }
  return payload;
}

std::string seal(std::string_view payload, const std::string& compressor_name, Compressor& compressor) {
  Writer writer;
  writer.bytes = kMagic;
  writer.byte(version_of(payload.empty() ? 0 : uint8_t(payload[0])));
  writer.name(compressor_name);
  writer.count(payload.size());
  std::string compressed = compressor.compress(payload);
  uint64_t hash = hash_of(writer.bytes, compressed, payload);
  writer.bytes.append(reinterpret_cast<const char*>(&hash), kHashBytes);
  return writer.bytes + compressed;
}

std::string encode(const Artifact& artifact, Compressor& compressor, const Layout* layout) {
  return seal(payload_of(artifact, layout), artifact.compressor, compressor);
}

Artifact decode(std::string_view bytes, const FindCompressor& find, size_t limit,
                const FindLayout& find_layout) {
  Reader file(bytes, "the file");
  check(file.take(kMagic.size(), "its first three bytes") == kMagic,
        "artifact: the file does not start with \"{}\"; it is no artifact", kMagic);
  int version = file.byte("its version");
  check(version >= kOldestVersion && version <= kVersion,
        "artifact: the file has version {}, this program reads versions {} to {}", version,
        int(kOldestVersion), int(kVersion));
  std::string compressor = file.name("the compressor's name");
  uint64_t size = file.count("the payload's length");
  check(size <= limit, "artifact: the payload would expand to {} bytes; the limit is {}", size, limit);
  std::string_view head = bytes.substr(0, bytes.size() - file.rest().size());
  uint64_t wanted = 0;
  std::memcpy(&wanted, file.take(kHashBytes, "its hash").data(), kHashBytes);

  std::string payload = find(compressor).expand(file.rest(), size);
  check(payload.size() == size && hash_of(head, file.rest(), payload) == wanted,
        "artifact: the file is damaged: its contents do not match its hash");
  check(payload.empty() || version == version_of(uint8_t(payload[0])),
        "artifact: the file is damaged: it has version {}, its payload is of version {}", version,
        int(version_of(uint8_t(payload[0]))));
  Artifact artifact = artifact_of(payload, limit, find_layout);
  artifact.compressor = std::move(compressor);
  return artifact;
}

}  // namespace caddie
