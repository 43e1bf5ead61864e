// SPDX-License-Identifier: Apache-2.0
// Reads and checks headers, converts elements between types, and seals the files that Caddie writes.
#include "tensor/safetensors.h"

#include <caddie/math.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"

namespace caddie {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr const char* kMetadata = "__metadata__";

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

// Files that Caddie writes carry a hash of themselves in their metadata. Either of two words shows that there
// is one, so that no single fault makes such a file look as if another program wrote it.
constexpr const char* kSealed = "sealed";
constexpr const char* kSeal = "seal";
const std::string kNoSeal(kXxh3Digits, '0');

/// Returns the hash of all bytes but the digits of the seal, which begin at `digits`.
std::string seal_of(std::string_view file, size_t digits) {
  return xxh3(xxh3(file.substr(0, digits)) + xxh3(file.substr(digits + kNoSeal.size())));
}

/// Removes the seal from the metadata. Throws Error when there is one that does not fit the file.
void check_seal(const std::string& path, std::string_view file, size_t header_length,
                std::map<std::string, std::string>& metadata) {
  auto mark = metadata.extract(kSealed), seal = metadata.extract(kSeal);
  if (!mark && !seal) return;
  bool fits = mark && seal && seal.mapped().size() == kNoSeal.size();
  if (fits) {
    std::string_view header = file.substr(0, kLengthBytes + header_length);
    std::string entry = message("\"{}\":\"{}\"", {kSeal, seal.mapped()});
    size_t digits = header.find(entry) + entry.size() - 1 - kNoSeal.size();
    fits = header.find(entry) != header.npos && seal_of(file, digits) == seal.mapped();
  }
  check(fits, "{}: damaged, or changed after caddie wrote it: its seal does not fit its content", path);
}

float bfloat_to_float(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }

/// Calls put(i, value) for each element, which is stored as the type Stored.
template <class Stored, class Put>
void each(std::span<const std::byte> bytes, Put put) {
  for (size_t i = 0; i < bytes.size() / sizeof(Stored); ++i) {
    Stored value;
    std::memcpy(&value, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    put(i, value);
  }
}

/// Calls put(i, value) for each element. Returns false when the dtype is not a floating one.
template <class Put>
bool each_float(const StoredTensor& t, Put put) {
  if (t.dtype == "F64") return each<double>(t.bytes, put), true;
  if (t.dtype == "F32") return each<float>(t.bytes, put), true;
  if (t.dtype == "F16")
    return each<uint16_t>(t.bytes, [&](size_t i, uint16_t bits) { put(i, from_half(bits)); }), true;
  if (t.dtype == "BF16")
    return each<uint16_t>(t.bytes, [&](size_t i, uint16_t bits) { put(i, bfloat_to_float(bits)); }), true;
  return false;
}

/// Calls put(i, value) for each element. Returns false when the dtype is not an integer that int64 holds.
template <class Put>
bool each_integer(const StoredTensor& t, Put put) {
  if (t.dtype == "I64") return each<int64_t>(t.bytes, put), true;
  if (t.dtype == "I32") return each<int32_t>(t.bytes, put), true;
  if (t.dtype == "I16") return each<int16_t>(t.bytes, put), true;
  if (t.dtype == "I8") return each<int8_t>(t.bytes, put), true;
  if (t.dtype == "U32") return each<uint32_t>(t.bytes, put), true;
  if (t.dtype == "U16") return each<uint16_t>(t.bytes, put), true;
  if (t.dtype == "U8" || t.dtype == "BOOL") return each<uint8_t>(t.bytes, put), true;
  return false;
}

/// Returns the bytes of one element, or 0 when the dtype is unknown.
size_t element_bytes(const std::string& dtype) {
  static const std::array<std::pair<const char*, size_t>, 13> kSizes = {{{"F64", 8},
                                                                         {"F32", 4},
                                                                         {"F16", 2},
                                                                         {"BF16", 2},
                                                                         {"I64", 8},
                                                                         {"I32", 4},
                                                                         {"I16", 2},
                                                                         {"I8", 1},
                                                                         {"U64", 8},
                                                                         {"U32", 4},
                                                                         {"U16", 2},
                                                                         {"U8", 1},
                                                                         {"BOOL", 1}}};
  for (auto [name, bytes] : kSizes)
    if (dtype == name) return bytes;
  return 0;
}

/// Returns the header as a JSON object. Throws Error when it is none, or when it names a tensor twice.
ForeignJson parse_header(const std::string& path, std::string_view text) {
  std::set<std::string> seen;
  auto no_name_twice = [&](int depth, ForeignJson::parse_event_t event, ForeignJson& parsed) {
    if (event == ForeignJson::parse_event_t::key && depth == 1)
      check(seen.insert(parsed.get<std::string>()).second, "{}: the header names '{}' twice", path,
            parsed.get<std::string>());
    return true;
  };
  try {
    ForeignJson header = ForeignJson::parse(text, no_name_twice);
    check(header.is_object(), "{}: the header is JSON but not an object of tensors", path);
    return header;
  } catch (const ForeignJson::exception& e) {
    fail("{}: the header is not JSON: {}", path, reason_of(e));
  }
}

/// Tells whether the JSON is a whole number that int64_t holds and is not negative.
bool is_count(const ForeignJson& json) {
  return json.is_number_unsigned() && json.get<uint64_t>() <= INT64_MAX;
}

Shape shape_of(const std::string& where, const ForeignJson& entry) {
  auto lengths = entry.find("shape");
  check(lengths != entry.end() && lengths->is_array() &&
            std::all_of(lengths->begin(), lengths->end(), is_count),
        "{}: 'shape' must be a list of lengths", where);
  check(lengths->size() <= size_t(Shape::kMaxRank), "{}: it has {} axes, {} are possible", where,
        lengths->size(), Shape::kMaxRank);
  Shape shape;
  for (const ForeignJson& length : *lengths) shape.append(length.get<int64_t>());
  return shape;
}

/// Returns the bytes that a tensor needs, or -1 when they cannot be counted in 63 bits.
int64_t bytes_of(const Shape& shape, size_t element) {
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (shape[axis] == 0) return 0;
  auto bytes = int64_t(element);
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (__builtin_mul_overflow(bytes, shape[axis], &bytes)) return -1;
  return bytes;
}

/// Returns the tensor of one entry of the header. Throws Error unless its dtype, shape and bytes fit
/// together.
StoredTensor read_entry(const std::string& path, const std::string& name, const ForeignJson& entry,
                        std::span<const std::byte> data) {
  std::string where = message("{}: tensor '{}'", {path, name});
  check(entry.is_object(), "{}: its entry must hold dtype, shape and data_offsets", where);
  auto dtype = entry.find("dtype");
  check(dtype != entry.end() && dtype->is_string(), "{}: 'dtype' must be a word such as \"F32\"", where);
  StoredTensor tensor{name, dtype->get<std::string>(), shape_of(where, entry), {}};
  size_t element = element_bytes(tensor.dtype);
  check(element > 0,
        "{}: unknown dtype '{}'; known: F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL",
        where, tensor.dtype);

  auto offsets = entry.find("data_offsets");
  check(offsets != entry.end() && offsets->is_array() && offsets->size() == 2 && is_count((*offsets)[0]) &&
            is_count((*offsets)[1]),
        "{}: 'data_offsets' must be two byte offsets", where);
  auto begin = (*offsets)[0].get<uint64_t>(), end = (*offsets)[1].get<uint64_t>();
  check(begin <= end && end <= data.size(),
        "{}: its bytes {} to {} do not lie within the file's {} data bytes", where, begin, end, data.size());
  int64_t needed = bytes_of(tensor.shape, element);
  check(needed == int64_t(end - begin), "{}: shape {} of {} does not fill its {} bytes", where, tensor.shape,
        tensor.dtype, end - begin);
  tensor.bytes = data.subspan(begin, end - begin);
  return tensor;
}

/// Returns the words of the header's metadata. Throws Error unless each maps to another.
std::map<std::string, std::string> read_metadata(const std::string& path, const ForeignJson& entry) {
  check(entry.is_object(), "{}: '{}' must map words to words", path, kMetadata);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : entry.items()) {
    check(value.is_string(), "{}: '{}' must map words to words, '{}' does not", path, kMetadata, key);
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

/// Throws Error unless the tensors, in the order of their bytes, cover the data exactly: without an overlap,
/// a gap, or bytes behind the last one.
void check_cover(const std::string& path, const std::vector<StoredTensor>& tensors,
                 std::span<const std::byte> data) {
  const std::byte* at = data.data();
  for (const StoredTensor& tensor : tensors) {
    if (tensor.bytes.empty()) continue;
    check(tensor.bytes.data() >= at, "{}: tensor '{}' overlaps another one", path, tensor.name);
    check(tensor.bytes.data() == at, "{}: {} bytes before tensor '{}' belong to no tensor", path,
          tensor.bytes.data() - at, tensor.name);
    at += tensor.bytes.size();
  }
  check(at == data.data() + data.size(), "{}: {} bytes behind the last tensor belong to no tensor", path,
        data.data() + data.size() - at);
}

}  // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : path_(path.string()), file_(path) {
  read_header();
}

void SafetensorsFile::read_header() {
  std::span<const std::byte> bytes = file_.bytes();
  check(bytes.size() >= kLengthBytes,
        "{}: {} bytes are too few for a safetensors file, which starts with an 8-byte length", path_,
        bytes.size());
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  check(length <= bytes.size() - kLengthBytes,
        "{}: a header of {} bytes does not fit into the file of {}; truncated, or no safetensors file", path_,
        length, bytes.size());
  ForeignJson header =
      parse_header(path_, {reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length});
  std::span<const std::byte> data = bytes.subspan(kLengthBytes + length);
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata)
      metadata_ = read_metadata(path_, entry);
    else
      tensors_.push_back(read_entry(path_, name, entry, data));
  }
  check_seal(path_, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, length, metadata_);
  std::sort(tensors_.begin(), tensors_.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return std::pair(a.bytes.data(), a.bytes.size()) < std::pair(b.bytes.data(), b.bytes.size());
  });
  check_cover(path_, tensors_, data);
}

std::vector<std::string> SafetensorsFile::names() const {
  std::vector<std::string> names;
  for (const StoredTensor& tensor : tensors_) names.push_back(tensor.name);
  return names;
}

bool SafetensorsFile::has(std::string_view name) const {
  return std::any_of(tensors_.begin(), tensors_.end(), [&](const StoredTensor& t) { return t.name == name; });
}

const StoredTensor& SafetensorsFile::tensor(std::string_view name) const {
  for (const StoredTensor& tensor : tensors_)
    if (tensor.name == name) return tensor;
  fail("{}: it holds no tensor '{}'{}", path_, name, suggestion(name, names()));
}

Tensor SafetensorsFile::floats(std::string_view name) const {
  const StoredTensor& stored = tensor(name);
  Tensor result(stored.shape);
  check(each_float(stored, [x = result.data()](size_t i, auto value) { x[i] = float(value); }),
        "{}: tensor '{}' is {}, wanted F64, F32, F16 or BF16", path_, name, stored.dtype);
  return result;
}

std::vector<double> SafetensorsFile::doubles(std::string_view name) const {
  const StoredTensor& stored = tensor(name);
  std::vector<double> result(size_t(stored.shape.numel()));
  auto put = [&](size_t i, auto value) { result[i] = double(value); };
  check(each_float(stored, put) || each_integer(stored, put),
        "{}: tensor '{}' is {}, which does not become float64", path_, name, stored.dtype);
  return result;
}

std::vector<int64_t> SafetensorsFile::integers(std::string_view name) const {
  const StoredTensor& stored = tensor(name);
  std::vector<int64_t> result(size_t(stored.shape.numel()));
  check(each_integer(stored, [&](size_t i, auto value) { result[i] = int64_t(value); }),
        "{}: tensor '{}' is {}, wanted an integer dtype of at most 63 bits", path_, name, stored.dtype);
  return result;
}

void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  header[kMetadata] = metadata;
  header[kMetadata][kSealed] = "xxh3";
  header[kMetadata][kSeal] = kNoSeal;
  int64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    check(!header.contains(name) && name != kMetadata, "{}: cannot write two tensors named '{}'",
          path.string(), name);
    std::vector<int64_t> lengths;
    for (int axis = 0; axis < tensor.shape().rank(); ++axis) lengths.push_back(tensor.shape()[axis]);
    int64_t begin = end;
    end += tensor.numel() * int64_t(sizeof(float));
    header[name] = {{"dtype", "F32"}, {"shape", lengths}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');

  uint64_t length = text.size();
  std::string bytes(reinterpret_cast<const char*>(&length), kLengthBytes);
  bytes.reserve(kLengthBytes + length + size_t(end));
  bytes += text;
  for (const auto& [name, tensor] : tensors) {
    Tensor host = on_host(tensor);
    bytes.append(reinterpret_cast<const char*>(host.data()), size_t(host.numel()) * sizeof(float));
  }
  size_t digits = bytes.find(message("\"{}\":\"{}\"", {kSeal, kNoSeal})) + std::strlen(kSeal) + 4;
  bytes.replace(digits, kNoSeal.size(), seal_of(bytes, digits));
  write_file(path, bytes);
}

}  // namespace caddie
