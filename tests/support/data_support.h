// SPDX-License-Identifier: Apache-2.0
// What the tests of the data room share: texts, the small tokenizer, reference files.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace caddie {

/// A file of tests/fixtures/text.
std::filesystem::path data_file(const std::string& name);

/// The documents of a text file, in order.
std::vector<std::string> documents_of(const std::filesystem::path& path, const std::string& field = "text");

/// A tokenizer of 420 pieces trained on tests/fixtures/text/prose.txt, once in the program's life.
const std::filesystem::path& small_tokenizer();

/// A folder of reference data beside the checkout, such as "parity/hash_ids", or "" and a warning when there
/// is none.
std::filesystem::path shared_folder(const std::string& name);

/// The tensors of a safetensors file, as far as they are integers.
class Tensors {
 public:
  explicit Tensors(const std::filesystem::path& path);

  template <class Stored>
  std::vector<int32_t> integers(const std::string& name) const {
    std::string bytes = bytes_of(name);
    std::vector<Stored> stored(bytes.size() / sizeof(Stored));
    std::memcpy(stored.data(), bytes.data(), bytes.size());
    return {stored.begin(), stored.end()};
  }

 private:
  std::string bytes_of(const std::string& name) const;
  std::string file_;
};

}  // namespace caddie
