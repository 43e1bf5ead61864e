// SPDX-License-Identifier: Apache-2.0
// safetensors files: named tensors of one model, as PyTorch's ecosystem reads and writes them.
// Layout: header length (8 bytes, little-endian), a JSON header, then the tensors' bytes without gaps.
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

#include "base/files.h"

namespace caddie {

/// One tensor as it lies in the file; `bytes` lives as long as the SafetensorsFile.
struct StoredTensor {
  std::string name, dtype;  // dtype in the format's words: "F32", "I64", ...
  Shape shape;
  std::span<const std::byte> bytes;
};

/// A mapped file whose header has been checked: every tensor lies inside the file, none overlap, no byte is
/// unclaimed. Opening throws Error naming the file and what is malformed.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  /// In the order of the header.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  std::vector<std::string> names() const;
  bool has(std::string_view name) const;
  /// Throws Error with near names when there is no such tensor.
  const StoredTensor& tensor(std::string_view name) const;

  /// F64, F32, F16 and BF16 as float32, rounded to the nearest; throws Error for any other dtype.
  Tensor floats(std::string_view name) const;
  /// Any floating or integer dtype but U64.
  std::vector<double> doubles(std::string_view name) const;
  /// I64, I32, I16, I8, U32, U16, U8 and BOOL; throws Error for any other dtype.
  std::vector<int64_t> integers(std::string_view name) const;

  /// The header's "__metadata__".
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

 private:
  void read_header();

  std::string path_;
  MappedFile file_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// Writes float32 tensors in the order given, replacing `path` as write_file does. Tensors may lie on any
/// device. Throws Error when a name occurs twice.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<std::pair<std::string, Tensor>>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace caddie
