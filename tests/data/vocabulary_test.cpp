// SPDX-License-Identifier: Apache-2.0
// The bytes that a token stands for, and whether tokenizer and shards belong together.
#include <caddie/error.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "data/shards.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// Returns a field of a protocol-buffer message that holds a text or a message of less than 128 bytes.
std::string field(int number, const std::string& bytes) {
  return std::string{char(number << 3 | 2), char(bytes.size())} + bytes;
}

/// Writes a SentencePiece model of these pieces behind unknown, begin and "a"; "<0x" opens a byte piece.
fs::path model_of(const fs::path& path, const std::vector<std::string>& pieces) {
  auto piece = [](const std::string& text, char type) {
    return field(1, field(1, text) + std::string{3 << 3, type});
  };
  constexpr char kNormal = 1, kUnknown = 2, kControl = 3, kByte = 6;
  std::string model = piece("<unk>", kUnknown) + piece("<s>", kControl) + piece("a", kNormal);
  for (const std::string& text : pieces) model += piece(text, text.starts_with("<0x") ? kByte : kNormal);
  const std::string byte_fallback = "\x98\x02\x01";
  if (!pieces.empty() && pieces[0].starts_with("<0x")) model += field(2, byte_fallback);
  write_file(path, model);
  return path;
}

}  // namespace

TEST_CASE("Bytes that a tokenizer counts beyond its text are found and refused", "[data]") {
  TemporaryFolder folder;
  auto surplus = [&](const std::vector<std::string>& pieces, std::vector<uint16_t> ids) {
    Vocabulary vocabulary(model_of(folder.path() / "t.model", pieces), 0);
    std::vector<int32_t> wide(ids.begin(), ids.end());
    wide.insert(wide.begin(), 1);
    int64_t counted = vocabulary.bytes(std::span(wide).first(ids.size()), std::span(wide).subspan(1));
    return std::pair(counted, vocabulary.overcount(ids));
  };
  // "a   a": three spaces as one piece count 7 bytes, not 3.
  CHECK(surplus({"\u2581", "\u2581\u2581\u2581"}, {2, 4, 2}) == std::pair<int64_t, int64_t>(9, 4));
  CHECK(surplus({"\u2581", "\u2581a"}, {2, 4, 3}) == std::pair<int64_t, int64_t>(4, 0));
  // "a a": without a piece for the lone space, its mark is spelt by three byte pieces.
  std::vector<std::string> bytes;
  for (int byte = 0; byte < 256; ++byte) bytes.push_back(fmt::format("<0x{:02X}>", byte));
  CHECK(surplus(bytes, {2, 3 + 0xE2, 3 + 0x96, 3 + 0x81, 2}) == std::pair<int64_t, int64_t>(5, 2));

  Vocabulary vocabulary(model_of(folder.path() / "t.model", {"\u2581", "\u2581\u2581"}), 0);
  write_shard(folder.path() / "train_000000.bin", std::vector<uint16_t>{1, 2, 3, 2});
  TokenStream stream((folder.path() / "train_*.bin").string());
  CHECK_NOTHROW(check_matches(stream, vocabulary));
  write_shard(folder.path() / "train_000000.bin", std::vector<uint16_t>{1, 2, 4, 2});
  CHECK_THROWS_WITH(check_matches(TokenStream(stream.pattern()), vocabulary),
                    Catch::Contains("count 2 bytes more than their text has"));
}

TEST_CASE("Bytes of a token are its text, with the space unless a boundary comes before", "[data]") {
  // Ids: a control, " to", "be", a byte.
  Vocabulary vocabulary(ByteTables{{0, 2, 2, 1}, {0, 1, 0, 0}, {1, 0, 0, 0}});
  CHECK(vocabulary.pieces() == 4);
  CHECK(vocabulary.bytes(0, 1) == 2);
  CHECK(vocabulary.bytes(2, 1) == 3);
  CHECK(vocabulary.bytes(0, 2) == 2);
  CHECK(vocabulary.bytes(1, 0) == 0);
  CHECK(vocabulary.bytes(1, 3) == 1);
  const std::vector<int32_t> inputs = {0, 1, 2, 1}, targets = {1, 2, 1, 3};
  CHECK(vocabulary.bytes(inputs, targets) == 2 + 2 + 3 + 1);
  CHECK(vocabulary.bytes(std::span<const int32_t>(), std::span<const int32_t>()) == 0);
  const std::vector<int32_t> outside = {0, 1, 2, 4};
  CHECK_THROWS_WITH(vocabulary.bytes(inputs, outside),
                    Catch::Contains("ids 1 and 4 at position 3; valid are 0 to 3"));
  CHECK_THROWS_WITH(vocabulary.bytes(std::span(inputs).first(2), outside),
                    Catch::Contains("2 inputs but 4 targets"));
  CHECK_THROWS_WITH(Vocabulary(ByteTables{{0}, {0, 1}, {1}}), Catch::Contains("must have one length"));
}

TEST_CASE("Byte tables of a model charge every byte of the text once", "[data]") {
  const fs::path& model = small_tokenizer();
  Tokenizer tokenizer(model);
  Vocabulary vocabulary(model, 500);
  CHECK(vocabulary.pieces() == tokenizer.pieces());
  REQUIRE(vocabulary.base_bytes().size() == 500);
  for (int id : {0, 1, 2, 3, 499}) {  // padding, begin, end, unknown, beyond the model
    CHECK(vocabulary.base_bytes()[size_t(id)] == 0);
    CHECK(vocabulary.is_boundary()[size_t(id)] == 1);
    CHECK(vocabulary.has_leading_space()[size_t(id)] == 0);
  }
  for (int id : {4, 259}) CHECK(vocabulary.base_bytes()[size_t(id)] == 1);  // <0x00>, <0xFF>
  for (std::string text :
       {"The LORD is my shepherd", "Psalm 23", "na\u00EFve \U0001F600 \u65E5\u672C", "a", ""}) {
    std::vector<int32_t> ids = {tokenizer.begin_id()};
    tokenizer.encode(text, ids);
    CHECK(tokenizer.decode(std::span(ids).subspan(1)) == text);
    CHECK(vocabulary.bytes(std::span(ids).first(ids.size() - 1), std::span(ids).subspan(1)) ==
          int64_t(text.size()));
  }
  CHECK_THROWS_WITH(Vocabulary(data_file("prose.txt"), 10),
                    Catch::Contains("prose.txt: not a SentencePiece model"));
}

TEST_CASE("A tokenizer that does not match the shards is refused", "[data]") {
  TemporaryFolder folder;
  Vocabulary vocabulary(small_tokenizer(), 1024);
  const std::vector<uint16_t> tokens = {1, uint16_t(vocabulary.pieces() - 1)};
  write_shard(folder.path() / "train_000000.bin", tokens);
  TokenStream stream((folder.path() / "train_*.bin").string());
  CHECK_NOTHROW(check_matches(stream, vocabulary));

  write_file(folder.path() / "manifest.json", R"({"tokenizer": {"sha256": ")" + vocabulary.hash() + "\"}}");
  CHECK_NOTHROW(check_matches(stream, vocabulary));
  write_file(folder.path() / "manifest.json", R"({"tokenizer": {"sha256": "12ab"}})");
  CHECK_THROWS_WITH(check_matches(stream, vocabulary), Catch::Contains("says that they were made with 12ab"));
  write_file(folder.path() / "manifest.json", "{");
  CHECK_THROWS_WITH(check_matches(stream, vocabulary), Catch::Contains("manifest.json: not a manifest"));

  const std::vector<uint16_t> beyond = {1, uint16_t(vocabulary.pieces())};
  write_shard(folder.path() / "train_000001.bin", beyond);
  CHECK_THROWS_WITH(check_matches(TokenStream(stream.pattern()), vocabulary),
                    Catch::Contains("a tokenizer that does not match the shards"));
}

TEST_CASE("Byte tables and byte counts equal the upstream ones", "[data][parity]") {
  fs::path folder = shared_folder("parity/bpb_lut_1024");
  if (folder.empty()) return;
  auto expected = Json::parse(read_file(folder / "case.json"));
  Tensors tables(folder / "tables.safetensors");
  Vocabulary vocabulary(folder / "tokenizer.model", expected["config"]["vocab_size"]);
  auto widened = [](const auto& table) { return std::vector<int32_t>(table.begin(), table.end()); };
  CHECK(widened(vocabulary.base_bytes()) == tables.integers<int16_t>("base_bytes"));
  CHECK(widened(vocabulary.has_leading_space()) == tables.integers<uint8_t>("has_leading_space"));
  CHECK(widened(vocabulary.is_boundary()) == tables.integers<uint8_t>("is_boundary"));
  Tokenizer tokenizer(folder / "tokenizer.model");
  for (const auto& text : expected["texts"]) {
    std::vector<int32_t> ids = {tokenizer.begin_id()}, wanted = ids;
    tokenizer.encode(text["text"].get<std::string>(), ids);
    for (int32_t id : text["ids"]) wanted.push_back(id);
    CHECK(ids == wanted);
    CHECK(vocabulary.bytes(std::span(ids).first(ids.size() - 1), std::span(ids).subspan(1)) ==
          text["byte_count_as_document_after_bos"]);
  }
}
