// SPDX-License-Identifier: Apache-2.0
// The data room: shards, the loader's order, byte tables.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/files.h"
#include "data/loader.h"
#include "data/tokenizer.h"
#include "data/validation.h"
#include "data/vocabulary.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// Shards of the given sizes whose tokens count up from 0 across all of them.
TokenStream counting_stream(const fs::path& folder, const std::vector<int>& sizes) {
  int first = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    std::vector<uint16_t> tokens(size_t(sizes[i]));
    std::iota(tokens.begin(), tokens.end(), uint16_t(first));
    write_shard(folder / ("train_00000" + std::to_string(i) + ".bin"), tokens);
    first += sizes[i];
  }
  return TokenStream((folder / "train_*.bin").string());
}

std::vector<int32_t> counting(int first, int count) {
  std::vector<int32_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), first);
  return values;
}

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

TEST_CASE("One rank takes slices of one token more than a micro-batch, and wraps", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {7, 6});
  // 8 tokens over 2 micro-steps: slices of 4 + 1 of the 13 tokens.
  Loader loader(stream, 8, 2, 2);
  CHECK(loader.tokens_per_rank() == 4);
  Batch first = loader.next();
  CHECK(first.rows == 2);
  CHECK(first.length == 2);
  CHECK(first.inputs == counting(0, 4));
  CHECK(first.targets == counting(1, 4));
  CHECK(loader.position() == 5);
  CHECK(loader.next().inputs == counting(5, 4));
  Batch third = loader.next();
  CHECK(third.inputs == std::vector<int32_t>{10, 11, 12, 0});
  CHECK(third.targets == std::vector<int32_t>{11, 12, 0, 1});
  CHECK(loader.position() == 15);
  CHECK(loader.next().inputs == std::vector<int32_t>{2, 3, 4, 5});
}

TEST_CASE("A slice longer than the stream goes round it several times", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {3});
  Batch batch = Loader(stream, 7, 7, 1).next();
  CHECK(batch.inputs == std::vector<int32_t>{0, 1, 2, 0, 1, 2, 0});
  CHECK(batch.targets == std::vector<int32_t>{1, 2, 0, 1, 2, 0, 1});
}

TEST_CASE("Ranks take neighbouring slices, the same that one rank takes in more micro-steps", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {40, 37});
  Loader rank0(stream, 16, 4, 1, 0, 2), rank1(stream, 16, 4, 1, 1, 2), alone(stream, 16, 4, 2);
  for (int step = 0; step < 11; ++step) {
    Batch first = rank0.next(), second = rank1.next();
    if (step == 0) {
      CHECK(first.inputs == counting(0, 8));
      CHECK(second.inputs == counting(9, 8));
      CHECK(second.targets == counting(10, 8));
    }
    CHECK(alone.next().inputs == first.inputs);
    CHECK(alone.next().targets == second.targets);
    CHECK(rank0.position() == 18 * (step + 1));
    CHECK(rank1.position() == alone.position());
  }
}

TEST_CASE("A loader that seeks a position continues as one that got there", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {50, 27});
  Loader undisturbed(stream, 12, 3, 2, 1, 2), resumed(stream, 12, 3, 2, 1, 2);
  for (int step = 0; step < 25; ++step) undisturbed.next();
  resumed.next();
  resumed.seek(undisturbed.position());
  for (int step = 0; step < 5; ++step) CHECK(resumed.next().inputs == undisturbed.next().inputs);
  CHECK_THROWS_WITH(resumed.seek(-1), Catch::Contains("cannot continue at token -1"));
}

TEST_CASE("A batch that is no whole number of sequences names the nearest that are", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {77});
  CHECK_THROWS_WITH(Loader(stream, 100, 16, 2, 0, 1),
                    Catch::Contains("nearest valid batch_tokens: 96 or 128"));
  CHECK_THROWS_WITH(Loader(stream, 15, 16, 1, 0, 1), Catch::EndsWith("nearest valid batch_tokens: 16"));
  CHECK_THROWS_WITH(Loader(stream, 0, 16, 1, 0, 1), Catch::EndsWith("nearest valid batch_tokens: 16"));
  CHECK_THROWS_WITH(Loader(stream, 16, 16, 1, 2, 2), Catch::Contains("rank 2 of 2"));
  CHECK_THROWS_WITH(Loader(stream, 16, 0, 1), Catch::Contains("sequence length 0"));
  TemporaryFolder empty;
  TokenStream nothing = counting_stream(empty.path(), {0});
  CHECK_THROWS_WITH(Loader(nothing, 16, 16, 1), Catch::Contains("no token to train on"));
}

TEST_CASE("Validation is cut to whole sequences and one target", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {31, 2});
  CHECK(load_validation(stream, 32) == counting(0, 33));
  CHECK(load_validation(stream, 31) == counting(0, 32));
  CHECK(load_validation(stream, 1) == counting(0, 33));
  CHECK(load_validation(stream, 10) == counting(0, 31));
  CHECK_THROWS_WITH(load_validation(stream, 33), Catch::Contains("33 validation tokens are too few"));
  CHECK_THROWS_AS(load_validation(stream, 0), Error);
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

TEST_CASE("Batches equal those of the upstream loader", "[data][parity]") {
  fs::path folder = shared_folder("parity/loader_two_shards");
  if (folder.empty()) return;
  auto expected = nlohmann::json::parse(read_file(folder / "case.json"));
  const auto& config = expected["config"];
  Tensors tensors(folder / "expected.safetensors");
  TokenStream stream((folder / "fineweb_train_*.bin").string());
  for (int rank = 0; rank < config["world_size"]; ++rank) {
    Loader loader(stream, config["global_tokens"], config["seq_len"], config["grad_accum_steps"], rank,
                  config["world_size"]);
    std::vector<int32_t> inputs, targets;
    for (int call = 0; call < config["calls"]; ++call) {
      Batch batch = loader.next();
      inputs.insert(inputs.end(), batch.inputs.begin(), batch.inputs.end());
      targets.insert(targets.end(), batch.targets.begin(), batch.targets.end());
    }
    std::string name = "rank" + std::to_string(rank);
    CHECK(inputs == tensors.integers<int64_t>(name + ".x"));
    CHECK(targets == tensors.integers<int64_t>(name + ".y"));
  }
  TokenStream validation((folder / "fineweb_val_*.bin").string());
  CHECK(load_validation(validation, config["val_seq_len"]) == tensors.integers<int64_t>("val_tokens"));
  for (const auto& [file, reason] : expected["expected"]["bad_shards_must_be_refused"].items())
    CHECK_THROWS_WITH(Shard(folder / file), Catch::Contains(file));
}

TEST_CASE("Byte tables and byte counts equal the upstream ones", "[data][parity]") {
  fs::path folder = shared_folder("parity/bpb_lut_1024");
  if (folder.empty()) return;
  auto expected = nlohmann::json::parse(read_file(folder / "case.json"));
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
