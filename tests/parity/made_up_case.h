// SPDX-License-Identifier: Apache-2.0
// What the tests of the parity checks share: the cases of this folder, altered copies of them, and cases made
// up.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "parity/parity.h"
#include "support/paths.h"

namespace caddie::parity {

inline const std::filesystem::path kCases = source_folder() / "tests/parity";

inline const UpstreamTable& upstream() {
  static const UpstreamTable table(kCases / "upstream.toml");
  return table;
}

inline Registry& registry() {
  static Registry registry;
  return registry;
}

/// A folder that lasts as long as the object.
struct Folder {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("caddie_parity_test" + std::to_string(::getpid()));
  Folder() {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

/// A copy of a case, in which the first `from` reads `to` in case.json.
inline std::filesystem::path altered(const Folder& folder, const std::string& name, const std::string& from,
                                     const std::string& to) {
  std::filesystem::path copy = folder.path / name;
  std::filesystem::copy(kCases / name, copy);
  std::string text = read_file(copy / "case.json");
  size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  write_file(copy / "case.json", text.replace(at, from.size(), to));
  return copy;
}

/// A tensor as its type in the words of safetensors ("I8"), its shape and its bytes.
struct MadeUpTensor {
  std::string name, dtype;
  std::vector<int64_t> shape;
  std::string bytes;
};

template <class T>
MadeUpTensor tensor(const std::string& name, const std::string& dtype, std::vector<int64_t> shape,
                    const std::vector<T>& values) {
  return {name, dtype, std::move(shape),
          std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T))};
}

inline void write_tensors(const std::filesystem::path& path, const std::vector<MadeUpTensor>& tensors) {
  Json header;
  std::string bytes;
  for (const MadeUpTensor& t : tensors) {
    header[t.name] = {{"dtype", t.dtype},
                      {"shape", t.shape},
                      {"data_offsets", {bytes.size(), bytes.size() + t.bytes.size()}}};
    bytes += t.bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  auto size = uint64_t(text.size());
  write_file(path, std::string(reinterpret_cast<const char*>(&size), sizeof size) + text + bytes);
}

/// A case of kind quantizers.
inline std::filesystem::path quantizer_case(const Folder& folder, Json json,
                                            const std::vector<MadeUpTensor>& inputs,
                                            const std::vector<MadeUpTensor>& expected) {
  json["name"] = "made_up";
  json["kind"] = "quantizers";
  if (!json.contains("config")) json["config"] = Json::object();
  if (!json.contains("expected")) json["expected"] = Json::object();
  write_file(folder.path / "case.json", json.dump());
  write_tensors(folder.path / "inputs.safetensors", inputs);
  write_tensors(folder.path / "expected.safetensors", expected);
  return folder.path;
}

}  // namespace caddie::parity
