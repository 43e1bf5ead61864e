// SPDX-License-Identifier: Apache-2.0
// Data are told apart by their bytes, and are what whoever prepared them left.
#include "results/fingerprint.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <fstream>
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

TEST_CASE("shards that change after they were hashed are named", "[results]") {
  TemporaryFolder folder;
  std::string pattern = two_shards(folder / "data", 6);
  fs::path shard = folder / "data/train_1.bin";
  TokenStream stream(pattern);
  data_hash(pattern);
  CHECK_NOTHROW(check_still_hashed(stream));
  SECTION("by new bytes in the old size") {
    std::fstream file(shard, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end).put(1);
    file.close();
    CHECK_THROWS_WITH(check_still_hashed(stream), Catch::Contains("train_1.bin: was changed while it was"));
  }
  SECTION("by another file of that name") {
    write_file(shard, read_file(shard));
    CHECK_THROWS_WITH(check_still_hashed(stream), Catch::Contains("train_1.bin: was changed while it was"));
  }
  SECTION("by their absence") {
    fs::remove(shard);
    CHECK_THROWS_WITH(check_still_hashed(stream), Catch::Contains("train_1.bin: cannot look at it"));
  }
  SECTION("by more of them, where these are read") {
    write_shard(folder / "data/train_2.bin", std::vector<uint16_t>{1});
    CHECK_NOTHROW(check_still_hashed(stream));
    CHECK_THROWS_WITH(check_still_hashed(TokenStream(pattern)), Catch::Contains("shards came or went"));
  }
  SECTION("but not by other rights or names") {
    fs::permissions(shard, fs::perms::owner_read);
    fs::create_hard_link(shard, folder / "copy");
    CHECK_NOTHROW(check_still_hashed(stream));
  }
}

TEST_CASE("a file that changes after it was hashed is named", "[results]") {
  TemporaryFolder folder;
  fs::path file = folder / "tokenizer.model";
  write_file(file, "one");
  file_hash(file);
  CHECK_NOTHROW(check_still_hashed(file));
  write_file(file, "two");
  CHECK_THROWS_WITH(check_still_hashed(file), Catch::Contains("tokenizer.model: was changed while it was"));
}
