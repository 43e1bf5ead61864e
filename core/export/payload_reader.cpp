// SPDX-License-Identifier: Apache-2.0
// Reads the payload of an artifact. No byte of it is trusted.
#include <map>
#include <set>

#include "base/byte_shuffle.h"
#include "export/bit_packing.h"
#include "export/payload.h"

namespace caddie {
namespace {

using namespace payload;

/// Reads a payload, which may be damaged anywhere.
class PayloadReader {
 public:
  PayloadReader(std::string_view payload, size_t limit, const FindLayout& find_layout)
      : payload_(payload),
        limit_(limit),
        find_layout_(find_layout),
        directory_(payload.substr(0, kDirectoryLimit), "the directory") {}
  void read(Artifact& artifact);

 private:
  void read_flags(Artifact& artifact);
  ArtifactTensor read_tensor();
  Packed read_arrays(const ArtifactTensor& tensor);
  Array read_array(const ArtifactTensor& tensor);
  void read_bytes(Array& array, int bits, std::string_view& rest);
  /// Returns the bytes of an array, of which so many are taken from the limit.
  size_t claim(const Array& array);
  /// Takes the integers that a layout has written off the front of `rest`.
  template <class Placed>
  void restore_integers(const std::string& layout, const std::vector<Placed>& arrays, std::string_view& rest);

  std::string_view payload_;
  size_t limit_;  // the bytes of arrays that are still allowed
  const FindLayout& find_layout_;
  Reader directory_;
  ByteLayout layout_;
  bool corrected_ = false, arranged_ = false;
  std::vector<int> bits_;  // the bits of an element for each array of the directory; 8 when not packed
};

Array PayloadReader::read_array(const ArtifactTensor& tensor) {
  Array array;
  array.name = directory_.name("an array's name");
  uint8_t type = directory_.byte("an array's type");
  bool as_weight = type & kShapeOfWeight;
  type &= uint8_t(~kShapeOfWeight);
  check(type <= uint8_t(Type::kInt8),
        "artifact: the directory is damaged: array '{}' of '{}' has unknown type {}", array.name, tensor.name,
        int(type));
  array.type = Type(type);
  array.shape = as_weight ? tensor.shape : directory_.shape(tensor.name);
  check(as_weight || array.shape != tensor.shape,
        "artifact: the directory is damaged: array '{}' of '{}' spells out its weight's shape", array.name,
        tensor.name);
  int bits = is_packed(array, layout_) ? directory_.byte("the bits of an array") : 8;
  check(bits >= 1 && bits <= 8, "artifact: the directory is damaged: array '{}' of '{}' has {} bits",
        array.name, tensor.name, bits);
  bits_.push_back(bits);
  return array;
}

Packed PayloadReader::read_arrays(const ArtifactTensor& tensor) {
  Packed packed;
  for (uint64_t arrays = directory_.count("a number of arrays"); arrays > 0; --arrays)
    packed.push_back(read_array(tensor));
  return packed;
}

ArtifactTensor PayloadReader::read_tensor() {
  ArtifactTensor tensor;
  tensor.name = directory_.name("a tensor's name");
  tensor.quantizer = directory_.name("a quantizer's name");
  tensor.shape = directory_.shape(tensor.name);
  tensor.packed = read_arrays(tensor);
  if (corrected_)
    for (uint64_t count = directory_.count("a number of corrections"); count > 0; --count) {
      std::string corrector = directory_.name("a corrector's name");
      tensor.corrections.push_back({std::move(corrector), read_arrays(tensor)});
    }
  return tensor;
}

size_t PayloadReader::claim(const Array& array) {
  auto size = size_t(byte_count(array.shape, array.type));
  check(size <= limit_, "artifact: its arrays would take more bytes than the limit allows: '{}' has shape {}",
        array.name, array.shape);
  limit_ -= size;
  return size;
}

/// Takes the array's bytes off the front of `rest`.
void PayloadReader::read_bytes(Array& array, int bits, std::string_view& rest) {
  size_t size = claim(array);
  bool packed = is_packed(array, layout_);
  size_t stored = packed ? packed_size(size, bits) : size;
  check(stored <= rest.size(),
        "artifact: the payload is damaged: array '{}' of shape {} needs more than is there", array.name,
        array.shape);
  std::string_view bytes = rest.substr(0, stored);
  rest.remove_prefix(stored);
  if (packed) {
    array.bytes = unpack_bits(bytes, bits, size);
    check(bits_of(array.bytes) == bits, "artifact: the payload is damaged: array '{}' needs no {} bits",
          array.name, bits);
  } else {
    array.bytes = layout_.shuffle_bytes ? unshuffle_bytes(bytes, size_t(caddie::bytes_of(array.type)))
                                        : std::string(bytes);
  }
}

template <class Placed>
void PayloadReader::restore_integers(const std::string& layout, const std::vector<Placed>& arrays,
                                     std::string_view& rest) {
  check(bool(find_layout_), "artifact: its integers are in the layout '{}', which is not known here", layout);
  const Layout& plugin = find_layout_(layout);
  Reader reader(rest, "the payload");
  uint64_t size = reader.count("the length of the integers");
  std::string_view bytes = reader.take(size, "the integers");
  rest = reader.rest();
  std::vector<NamedArray> integers = integers_among(arrays);
  for (const NamedArray& one : integers) claim(*one.array);
  std::vector<std::string> restored = plugin.restore(bytes, integers);
  check(restored.size() == integers.size(), "artifact: {} restored {} arrays of {}", layout, restored.size(),
        integers.size());
  size_t next = 0;
  for (const Placed& one : arrays) {
    if (one.array->type != Type::kInt8) continue;
    one.array->bytes = std::move(restored[next++]);
    check(int64_t(one.array->bytes.size()) == byte_count(one.array->shape, Type::kInt8),
          "artifact: {} restored {} bytes of '{}', whose shape is {}", layout, one.array->bytes.size(),
          one.array->name, one.array->shape);
  }
}

void PayloadReader::read_flags(Artifact& artifact) {
  uint8_t flags = directory_.byte("the layout");
  bool known = (flags & ~(kShuffled | kPacked | kCorrected | kArranged)) == 0;
  check(known && (flags & (kPacked | kArranged)) != (kPacked | kArranged),
        "artifact: the directory is damaged: layout {} is unknown", int(flags));
  layout_ = artifact.byte_layout = {(flags & kShuffled) != 0, (flags & kPacked) != 0};
  corrected_ = flags & kCorrected;
  arranged_ = flags & kArranged;
  if (arranged_) artifact.layout = directory_.name("the layout's name");
}

void PayloadReader::read(Artifact& artifact) {
  read_flags(artifact);
  std::vector<ArtifactTensor>& tensors = artifact.tensors;
  std::set<std::string> names;
  for (uint64_t count = directory_.count("the number of tensors"); count > 0; --count) {
    tensors.push_back(read_tensor());
    check(names.insert(tensors.back().name).second, "artifact: the directory is damaged: '{}' comes twice",
          tensors.back().name);
  }
  check(corrected_ == is_corrected(artifact), "artifact: the directory is damaged: there are no corrections");
  size_t directory_size = std::min(payload_.size(), kDirectoryLimit) - directory_.rest().size();
  std::string_view rest = payload_.substr(directory_size);
  std::map<const Array*, int> bits;
  for (const ArtifactTensor& tensor : tensors) {
    for (const Array& array : tensor.packed) bits[&array] = bits_[bits.size()];
    for (const Correction& correction : tensor.corrections)
      for (const Array& array : correction.packed) bits[&array] = bits_[bits.size()];
  }
  auto arrays = arrays_in_order(tensors);
  if (arranged_) restore_integers(artifact.layout, arrays, rest);
  for (const auto& one : arrays)
    if (!arranged_ || one.array->type != Type::kInt8) read_bytes(*one.array, bits.at(one.array), rest);
  check(rest.empty(), "artifact: the payload is damaged: {} bytes behind the last array", rest.size());
}

}  // namespace

Artifact artifact_of(std::string_view payload, size_t limit, const FindLayout& find_layout) {
  Artifact artifact;
  PayloadReader(payload, limit, find_layout).read(artifact);
  return artifact;
}

}  // namespace caddie
