// SPDX-License-Identifier: Apache-2.0
#include "support/data_support.h"

#include <catch2/catch.hpp>

#include "base/files.h"
#include "base/json.h"
#include "data/documents.h"
#include "data/tokenizer.h"
#include "support/paths.h"

namespace caddie {
namespace fs = std::filesystem;

fs::path data_file(const std::string& name) { return source_folder() / "tests/fixtures/text" / name; }

std::vector<std::string> documents_of(const fs::path& path, const std::string& field) {
  DocumentReader reader(path, field);
  std::vector<std::string> documents;
  for (std::string document; reader.next(document);) documents.push_back(document);
  return documents;
}

const fs::path& small_tokenizer() {
  static const TemporaryFolder folder;
  static const fs::path path = [] {
    DocumentReader reader(data_file("prose.txt"), "text");
    write_file(folder.path() / "tokenizer.model",
               train_tokenizer([&](std::string& document) { return reader.next(document); }, 420));
    return folder.path() / "tokenizer.model";
  }();
  return path;
}

fs::path shared_folder(const std::string& name) {
  fs::path folder = source_folder() / "../shared" / name;
  if (fs::exists(folder)) return folder;
  WARN("skipped: there is no " << folder.string());
  return {};
}

Tensors::Tensors(const fs::path& path) : file_(read_file(path)) {}

std::string Tensors::bytes_of(const std::string& name) const {
  uint64_t header_size = 0;
  std::memcpy(&header_size, file_.data(), sizeof header_size);
  auto header = Json::parse(file_.substr(8, header_size));
  const auto& offsets = header.at(name).at("data_offsets");
  return file_.substr(8 + header_size + offsets[0].get<size_t>(),
                      offsets[1].get<size_t>() - offsets[0].get<size_t>());
}

}  // namespace caddie
