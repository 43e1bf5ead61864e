// SPDX-License-Identifier: Apache-2.0
// Data are told apart by their bytes, and are what whoever prepared them left.
#include "results/fingerprint.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "data/shards.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// Writes two shards; the second one ends with this token.
std::string two_shards(const fs::path& folder, uint16_t last) {
  write_shard(folder / "train_0.bin", std::vector<uint16_t>{1, 2, 3});
  write_shard(folder / "train_1.bin", std::vector<uint16_t>{4, 5, last});
  return (folder / "train_*.bin").string();
}

void write_manifest(const fs::path& folder, const fs::path& shards) {
  Json entries = Json::array();
  for (const char* name : {"train_0.bin", "train_1.bin"})
    entries.push_back({{"file", name}, {"xxh3", xxh3_file(shards / name)}});
  write_file(folder / "manifest.json", Json{{"splits", {{"train", {{"shards", entries}}}}}}.dump());
}

}  // namespace

TEST_CASE("data are told apart by every one of their bytes, not by where they lie", "[results]") {
  TemporaryFolder folder;
  std::string a = two_shards(folder / "a", 6), b = two_shards(folder / "b", 7),
              c = two_shards(folder / "c", 6);
  CHECK(data_hash(a) != data_hash(b));
  CHECK(data_hash(a) == data_hash(c));
}

TEST_CASE("data that are not what their manifest tells of are refused by name", "[results]") {
  TemporaryFolder folder;
  std::string right = two_shards(folder / "right", 6), wrong = two_shards(folder / "wrong", 7);
  write_manifest(folder / "right", folder / "right");
  write_manifest(folder / "wrong", folder / "right");
  CHECK(data_hash(right).size() == 64);
  CHECK_THROWS_WITH(data_hash(wrong),
                    Catch::Contains("wrong/train_1.bin: not the shard that the manifest.json"));
}

TEST_CASE("a manifest of another program says nothing about shards", "[results]") {
  TemporaryFolder folder;
  std::string shards = two_shards(folder / "theirs", 6);
  write_file(folder / "theirs/manifest.json", R"({"datasets": []})");
  CHECK(data_hash(shards).size() == 64);
}
