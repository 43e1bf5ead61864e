// SPDX-License-Identifier: Apache-2.0
// Reads and writes safetensors files, in which the ecosystem of PyTorch keeps the named tensors of a model. A
// file holds the length of the header (8 bytes, little-endian), a JSON header, then the bytes of the tensors
// without gaps.
#pragma once

#include <caddie/tensor.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mapped_file.h"

namespace caddie {

/// Refers to one tensor as it lies in the file; `bytes` is valid as long as the SafetensorsFile.
struct StoredTensor {
  std::string name, dtype;  // The dtype has the name that the format gives it, such as "F32" or "I64".
  Shape shape;
  std::span<const std::byte> bytes;
};

/// Maps a file and checks its header: every tensor lies inside the file, none overlap, and every byte belongs
/// to a tensor. A file that Caddie wrote must also fit its seal. Opening throws Error naming the file and
/// what is malformed.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  /// Returns the tensors in the order of their bytes in the file.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  std::vector<std::string> names() const;
  bool has(std::string_view name) const;
  /// Returns the tensor of this name. Throws Error with near names when there is none.
  const StoredTensor& tensor(std::string_view name) const;

  /// Returns a tensor of F64, F32, F16 or BF16 as float32, rounded to the nearest. Throws Error for any other
  /// dtype.
  Tensor floats(std::string_view name) const;
  /// Returns the numbers of a tensor of any dtype but U64. Throws Error for that one.
  std::vector<double> doubles(std::string_view name) const;
  /// Returns the numbers of a tensor of I64, I32, I16, I8, U32, U16, U8 or BOOL. Throws Error for any other
  /// dtype.
  std::vector<int64_t> integers(std::string_view name) const;

  /// Returns the header's "__metadata__", without the file's seal.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  void read_header();

  std::string path_;
  MappedFile file_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes float32 tensors in the order given, replacing `path` as write_file does. Tensors may lie on any
/// device. Throws Error when a name occurs twice or is "__metadata__".
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace caddie
