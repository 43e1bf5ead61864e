// SPDX-License-Identifier: Apache-2.0
// Shards of tokens: their bytes, their order, and those that are refused.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "data/shard_writer.h"
#include "data/shards.h"
#include "support/counting_tokens.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

std::string shard_bytes(int32_t magic, int32_t version, int32_t count, size_t tokens) {
  std::string bytes(1024 + 2 * tokens, '\0');
  const int32_t header[3] = {magic, version, count};
  std::memcpy(bytes.data(), header, sizeof header);
  return bytes;
}

}  // namespace

TEST_CASE("A shard is a 1024-byte header and little-endian 16-bit tokens", "[data]") {
  TemporaryFolder folder;
  fs::path path = folder.path() / "train_000000.bin";
  const std::vector<uint16_t> tokens = {1, 258, 65535};
  write_shard(path, tokens);

  std::string bytes = read_file(path);
  REQUIRE(bytes.size() == 1024 + 6);
  CHECK(bytes.substr(0, 12) == std::string("\x88\xD8\x34\x01\x01\0\0\0\x03\0\0\0", 12));
  CHECK(bytes.substr(12, 1012) == std::string(1012, '\0'));
  CHECK(bytes.substr(1024) == std::string("\x01\0\x02\x01\xFF\xFF", 6));

  Shard shard(path);
  CHECK(std::vector<uint16_t>(shard.tokens().begin(), shard.tokens().end()) == tokens);
  write_shard(path, {});
  CHECK(Shard(path).tokens().empty());
}

TEST_CASE("A malformed shard is refused with what is wrong and what would be right", "[data]") {
  TemporaryFolder folder;
  fs::path path = folder.path() / "bad.bin";
  struct Case {
    std::string bytes, message;
  };
  const Case cases[] = {
      {"", "0 bytes are too few for a shard, whose header alone has 1024"},
      {std::string(1023, '\0'), "1023 bytes are too few"},
      {shard_bytes(20240521, 1, 2, 2), "begins with the number 20240521; a shard begins with 20240520"},
      {shard_bytes(20240520, 2, 2, 2), "shard version 2; only version 1"},
      {shard_bytes(20240520, 1, -1, 2), "counts -1 tokens; it must be 0 or more"},
      {shard_bytes(20240520, 1, 3, 2),
       "truncated: 1028 bytes, but the 3 tokens that its header counts need 1030"},
      {shard_bytes(20240520, 1, 1, 2),
       "too long: 1028 bytes, but the 1 tokens that its header counts need 1026"},
  };
  for (const Case& bad : cases) {
    write_file(path, bad.bytes);
    CHECK_THROWS_WITH(Shard(path), Catch::Contains("bad.bin: ") && Catch::Contains(bad.message));
  }
  CHECK_THROWS_WITH(Shard(folder.path() / "absent.bin"), Catch::Contains("absent.bin: cannot open it"));
  CHECK_THROWS_WITH(TokenStream((folder.path() / "val_*.bin").string()),
                    Catch::Contains("no shard matches") && Catch::Contains("val_*.bin"));
}

TEST_CASE("A stream joins its shards in the order of their names", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {31, 0, 1, 33, 12});
  CHECK(stream.size() == 77);
  CHECK(stream.files().size() == 5);
  CHECK(stream.files()[1].filename() == "train_000001.bin");
  CHECK(stream.max_id() == 76);
  for (int begin : {0, 30, 31, 32, 65, 76, 77}) {
    std::vector<int32_t> read(size_t(77 - begin));
    stream.copy(begin, 77 - begin, read.data());
    CHECK(read == counting(begin, 77 - begin));
  }
  int32_t out = 0;
  CHECK_THROWS_WITH(stream.copy(77, 1, &out),
                    Catch::Contains("tokens 77 to 78 are wanted of a stream of 77"));
  CHECK_THROWS_AS(stream.copy(-1, 1, &out), Error);
}

TEST_CASE("A pattern that no shard matches says what was tried", "[data]") {
  TemporaryFolder folder;
  auto refused = [](const std::string& pattern, const std::string& what) {
    CHECK_THROWS_WITH(TokenStream(pattern), Catch::Contains(pattern) && Catch::Contains(what));
  };
  refused("~/data/*.bin", "write the home folder out");
  refused("data/{a,b}/*.bin", "braces are not expanded");
  refused("nowhere/*.bin", "looked for from " + fs::current_path().string() + "; there is no folder nowhere");
  refused(folder.path().string(), "a folder, no shard");
}

TEST_CASE("A writer cuts a split into shards of the wanted size", "[data]") {
  TemporaryFolder folder;
  ShardWriter writer(folder.path(), "train", 33);
  const std::vector<uint16_t> tokens(77, 5);
  writer.append(std::span(tokens).first(32));
  writer.append(std::span(tokens).subspan(32));
  std::vector<ShardFile> shards = writer.finish();
  REQUIRE(shards.size() == 3);
  CHECK(shards[2].name == "train_000002.bin");
  CHECK(shards[2].tokens == 11);
  CHECK(shards[0].hash == xxh3_file(folder.path() / "train_000000.bin"));
  CHECK(TokenStream((folder.path() / "train_*.bin").string()).size() == 77);
  CHECK(ShardWriter(folder.path(), "none", 33).finish().empty());
}
