// SPDX-License-Identifier: Apache-2.0
// The data room: reading documents, the tokenizer, the split, and folders of prepared data.
#include "data/prepare.h"

#include <caddie/error.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "base/files.h"
#include "base/hash.h"
#include "data/documents.h"
#include "data/inspect.h"
#include "data/shard_writer.h"
#include "data/shards.h"
#include "data/split.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

std::vector<std::string> documents_of(const fs::path& path, const std::string& field = "text") {
  DocumentReader reader(path, field);
  std::vector<std::string> documents;
  for (std::string document; reader.next(document);) documents.push_back(document);
  return documents;
}

PrepareOptions options_for(const fs::path& text, const fs::path& output) {
  PrepareOptions options;
  options.text = {text.string()};
  options.output = output;
  options.tokenizer = small_tokenizer();
  options.validation_fraction = 0.1;
  options.shard_tokens = 5000;
  options.quiet = true;
  return options;
}

/// File name to hash, of every file in the folder.
std::map<std::string, std::string> hashes_in(const fs::path& folder) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::directory_iterator(folder))
    hashes[entry.path().filename()] = sha256_file(entry.path());
  return hashes;
}

std::vector<std::string> decoded_documents(const std::string& pattern, const fs::path& model) {
  Tokenizer tokenizer(model);
  TokenStream stream(pattern);
  std::vector<int32_t> ids(size_t(stream.size()));
  stream.copy(0, stream.size(), ids.data());
  std::vector<std::string> documents;
  for (auto begin = ids.begin(); begin != ids.end();) {
    REQUIRE(*begin == tokenizer.begin_id());
    auto end = std::find(begin + 1, ids.end(), tokenizer.begin_id());
    documents.push_back(tokenizer.decode({begin + 1, end}));
    begin = end;
  }
  return documents;
}

/// Random text of awkward pieces: runs of blanks, characters that normalise to spaces, marks, bad bytes.
std::string awkward_text(std::mt19937& random) {
  static const std::vector<std::string> kPieces = {
      " ",      "  ",     "\n",         "\t",     "\r\n",   "\v",     "\f",
      "\u00A0", "\u3000", "\u200B",     "\u00B4", "\u0301", "\u00E9", "e\u0301",
      "\u65E5", "\u672C", "\U0001F600", "\u2581", "\xFF",   "\xC3",   std::string(1, '\0'),
      "a",      "the",    "LORD",       "12",     ".",      ", ",     "\uFB01",
      "\u00BD", "\u2460", "\u00A8",     " a ",    "\u1FED", "very",   "psalm ",
      "\uFDFA"};
  std::string text;
  for (unsigned left = random() % 12; left > 0; --left) text += kPieces[random() % kPieces.size()];
  return text;
}

void check_that_memory_changes_nothing(const fs::path& model) {
  INFO(model.string());
  Tokenizer tokenizer(model);
  std::mt19937 random(7);
  std::vector<std::string> texts = documents_of(data_file("prose.txt"));
  for (int i = 0; i < 3000; ++i) texts.push_back(awkward_text(random));
  int different = 0;
  std::vector<int32_t> ids, plain;
  for (const std::string& text : texts) {
    ids.clear();
    plain.clear();
    tokenizer.encode(text, ids);
    tokenizer.encode_plain(text, plain);
    different += ids != plain;
  }
  CHECK(different == 0);
}

}  // namespace

TEST_CASE("Plain, gzip, zstd and .jsonl files hold the same documents", "[data]") {
  std::vector<std::string> plain = documents_of(data_file("prose.txt"));
  REQUIRE(plain.size() == 91);
  CHECK(plain[0].starts_with("This Psalm may be regarded as THE PREFACE PSALM"));
  CHECK(documents_of(data_file("prose.txt.gz")) == plain);
  CHECK(documents_of(data_file("prose.txt.zst")) == plain);
  CHECK(documents_of(data_file("prose.jsonl")) == std::vector(plain.begin(), plain.begin() + 20));
}

TEST_CASE("Blank lines end a document, and white space around it is cut off", "[data]") {
  TemporaryFolder folder;
  write_file(folder.path() / "a.txt", "\xEF\xBB\xBF\n \n one\r\n two \r\n\t\r\n\n\nthree");
  CHECK(documents_of(folder.path() / "a.txt") == std::vector<std::string>{"one\n two", "three"});
  write_file(folder.path() / "empty.txt", "");
  CHECK(documents_of(folder.path() / "empty.txt").empty());
  write_file(folder.path() / "a.jsonl",
             "{\"text\": \" x\\n\\ny \"}\n\n{\"text\": \" \"}\n{\"text\": \"z\", \"body\": \"w\"}\n");
  CHECK(documents_of(folder.path() / "a.jsonl") == std::vector<std::string>{"x\n\ny", "z"});
}

TEST_CASE("Unreadable text names the file and the line", "[data]") {
  TemporaryFolder folder;
  fs::path path = folder.path() / "a.jsonl";
  write_file(path, "{\"text\": \"x\"}\n{\"text\": 3, \"body\": \"b\"}\n");
  CHECK_THROWS_WITH(documents_of(path), Catch::Contains("a.jsonl:2: no text in the field \"text\"") &&
                                            Catch::Contains("known: body"));
  CHECK_THROWS_WITH(documents_of(path, "bodi"), Catch::Contains("a.jsonl:1: no text in the field \"bodi\""));
  write_file(path, "{\"text\": \"x\"}\n{\"text\": \n");
  CHECK_THROWS_WITH(documents_of(path), Catch::Contains("a.jsonl:2: not a JSON object"));
  for (const char* name : {"prose.txt.gz", "prose.txt.zst"}) {
    std::string bytes = read_file(data_file(name));
    fs::path damaged = folder.path() / name;
    write_file(damaged, bytes.substr(0, bytes.size() / 2));
    CHECK_THROWS_WITH(documents_of(damaged), Catch::Contains("cut-off"));
    bytes[bytes.size() / 2] ^= 0x55;
    write_file(damaged, bytes);
    CHECK_THROWS_WITH(documents_of(damaged), Catch::Contains("damaged"));
  }
  CHECK_THROWS_WITH(documents_of(folder.path()), Catch::Contains("not a file of text"));
}

TEST_CASE("UTF-8 is told from other bytes", "[data]") {
  for (std::string valid : {"", "a", "\u00E9", "\u65E5", "\U0001F600", "\U0010FFFF"})
    CHECK(is_valid_utf8(valid));
  for (std::string invalid : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                              "\xFF", "a\xE9 b", "\xE6\x97"})
    CHECK_FALSE(is_valid_utf8(invalid));
}

TEST_CASE("The tokenizer that is trained has the published layout of ids", "[data]") {
  Tokenizer tokenizer(small_tokenizer());
  CHECK(tokenizer.pieces() == 420);
  CHECK(tokenizer.begin_id() == 1);
  std::vector<int32_t> ids;
  tokenizer.encode("12", ids);
  CHECK(ids.size() == 2);  // digits are single pieces
  ids.clear();
  tokenizer.encode("\u65E5", ids);
  CHECK(ids == std::vector<int32_t>{4 + 0xE6, 4 + 0x97, 4 + 0xA5});
  ids.clear();
  tokenizer.encode("  a\n b\t", ids);
  CHECK(tokenizer.decode(ids) == "a b");
  CHECK_THROWS_WITH(tokenizer.decode(std::vector<int32_t>{420}), Catch::Contains("id 420 cannot be decoded"));
}

TEST_CASE("The same documents train the same tokenizer", "[data]") {
  auto train = [](int vocab) {
    DocumentReader reader(data_file("prose.jsonl"), "text");
    return train_tokenizer([&](std::string& document) { return reader.next(document); }, vocab);
  };
  CHECK(train(400) == train(400));
  CHECK_THROWS_WITH(train(261), Catch::Contains("cannot train 261 pieces") && Catch::Contains("--vocab"));
  CHECK_THROWS_WITH(train_tokenizer([](std::string&) { return false; }, 400),
                    Catch::Contains("no text to train on"));
}

TEST_CASE("Lines longer than SentencePiece takes are cut, not skipped", "[data]") {
  auto train_on = [](const std::string& text) {
    int given = 0;
    auto next = [&](std::string& document) {
      document = text;
      return given++ == 0;
    };
    return train_tokenizer(next, 300);
  };
  std::string line;
  while (line.size() < 10000) line += "seventy-seven psalms of praise \u65E5\u672C ";
  CHECK_NOTHROW(train_on(line));
  CHECK_NOTHROW(train_on(std::string(9000, 'x')));
}

TEST_CASE("Encoding with a memory of words gives the ids of the library", "[data]") {
  check_that_memory_changes_nothing(small_tokenizer());
  check_that_memory_changes_nothing(data_file("identity_bpe.model"));
  check_that_memory_changes_nothing(data_file("spaces_bpe.model"));
  check_that_memory_changes_nothing(data_file("identity_unigram.model"));
}

TEST_CASE("Encoding with a memory of words gives the ids of the library for published models",
          "[data][parity]") {
  fs::path folder = shared_folder("tokenizers");
  if (folder.empty()) return;
  for (const auto& model : fs::directory_iterator(folder)) check_that_memory_changes_nothing(model.path());
}

TEST_CASE("The split holds out the tail of each input", "[data]") {
  TailSplit split(0.25);
  for (const char* document : {"aaaa", "bbbb", "cccc", "dd", "ee"})
    split.survey(document);  // quota 4 of 16 bytes
  split.end_input();
  for (const char* document : {"ffff", "gggg"}) split.survey(document);  // quota 2 of 8: nothing fits
  split.end_input();
  for (const char* document : {"hhhh", "dd"}) split.survey(document);  // quota 1.5 of 6, and the 2 left over
  split.end_input();
  CHECK(split.held_out() == 3);
  auto side = [&](size_t input, int64_t index, const char* text) {
    return split.side(input, index, digest_of(text));
  };
  CHECK(side(0, 0, "aaaa") == Side::kTrain);
  CHECK(side(0, 2, "cccc") == Side::kTrain);
  CHECK(side(0, 3, "dd") == Side::kValidation);
  CHECK(side(0, 4, "ee") == Side::kValidation);
  CHECK(side(1, 1, "gggg") == Side::kTrain);
  CHECK(side(2, 0, "hhhh") == Side::kTrain);
  CHECK(side(2, 1, "dd") == Side::kValidation);
  CHECK(side(1, 0, "ee") == Side::kDropped);
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

TEST_CASE("Prepared shards spell the documents, each on one side", "[data]") {
  TemporaryFolder folder;
  std::vector<std::string> documents = documents_of(data_file("prose.txt"));
  std::string text = documents.back() + "\n\n";  // a copy of a held-out document among the first
  text += read_file(data_file("prose.txt"));
  write_file(folder.path() / "text.txt", text);
  PrepareResult result = prepare(options_for(folder.path() / "text.txt", folder.path() / "out"));
  CHECK(result.duplicates_dropped == 1);
  CHECK(result.train.documents + result.validation.documents == 91);
  CHECK(result.validation.documents > 0);

  fs::path out = folder.path() / "out";
  std::vector<std::string> train = decoded_documents((out / "train_*.bin").string(), out / "tokenizer.model");
  std::vector<std::string> validation =
      decoded_documents((out / "val_*.bin").string(), out / "tokenizer.model");
  CHECK(int64_t(train.size()) == result.train.documents);
  std::vector<std::string> all = train;
  all.insert(all.end(), validation.begin(), validation.end());
  int64_t bytes = 0;
  for (std::string& document : documents) {
    std::replace(document.begin(), document.end(), '\n', ' ');
    bytes += int64_t(document.size());
  }
  CHECK(all == documents);
  CHECK(result.train.bytes + result.validation.bytes == bytes);
  TokenStream stream((out / "train_*.bin").string());
  CHECK(int64_t(stream.files().size()) == result.train.shards);
  CHECK(stream.size() == result.train.tokens);
  CHECK_NOTHROW(check_matches(stream, Vocabulary(out / "tokenizer.model", 0)));
}

TEST_CASE("Preparing again is a no-op, and never overwrites other data", "[data]") {
  TemporaryFolder folder;
  PrepareOptions options = options_for(data_file("prose.jsonl"), folder.path() / "out");
  options.tokenizer.clear();
  options.vocab = 400;
  PrepareResult first = prepare(options);
  CHECK_FALSE(first.already_done);
  CHECK(first.pieces == 400);
  auto hashes = hashes_in(options.output);
  PrepareResult second = prepare(options);
  CHECK(second.already_done);
  CHECK(second.train.tokens == first.train.tokens);
  CHECK(second.validation.bytes == first.validation.bytes);
  CHECK(hashes_in(options.output) == hashes);

  PrepareOptions elsewhere = options;
  elsewhere.output = folder.path() / "again/";
  prepare(elsewhere);
  CHECK(hashes_in(elsewhere.output) == hashes);

  options.vocab = 410;
  CHECK_THROWS_WITH(prepare(options),
                    Catch::Contains("already holds something that these inputs and settings"));
  CHECK(hashes_in(options.output) == hashes);
  options.vocab = 400;
  fs::resize_file(options.output / "train_000000.bin", 2000);
  CHECK_THROWS_WITH(prepare(options), Catch::Contains("train_000000.bin: truncated"));
}

TEST_CASE("A kill while data is prepared leaves nothing that looks finished", "[data]") {
  TemporaryFolder folder;
  std::string text;
  std::vector<std::string> documents = documents_of(data_file("prose.txt"));
  for (int copy = 0; copy < 20; ++copy)
    for (const std::string& document : documents) text += std::to_string(copy) + " " + document + "\n\n";
  write_file(folder.path() / "text.txt", text);
  PrepareOptions options = options_for(folder.path() / "text.txt", folder.path() / "out");
  options.shard_tokens = 400000;
  PrepareOptions undisturbed = options;
  undisturbed.output = folder.path() / "undisturbed";
  prepare(undisturbed);

  // The system kills a process that writes a file beyond its limit, here in the midst of the first shard.
  pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit = {500'000, 500'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      prepare(options);
    } catch (...) {
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGXFSZ);
  CHECK_FALSE(fs::exists(options.output));
  REQUIRE(fs::exists(folder.path() / "out.partial/train_000000.bin"));
  CHECK_FALSE(fs::exists(folder.path() / "out.partial/manifest.json"));
  CHECK_THROWS_AS(Shard(folder.path() / "out.partial/train_000000.bin"), Error);

  CHECK_FALSE(prepare(options).already_done);
  CHECK_FALSE(fs::exists(folder.path() / "out.partial"));
  CHECK(hashes_in(options.output) == hashes_in(undisturbed.output));
}

TEST_CASE("Wrong options of prepare are usage errors that say what would be right", "[data]") {
  TemporaryFolder folder;
  const PrepareOptions good = options_for(data_file("prose.txt"), folder.path() / "out");
  auto refused = [&](auto change, const char* message) {
    PrepareOptions options = good;
    change(options);
    CHECK_THROWS_WITH(prepare(options), Catch::Contains(message));
    CHECK_FALSE(fs::exists(folder.path() / "out"));
    CHECK_FALSE(fs::exists(folder.path() / "out.partial"));
  };
  refused([](auto& o) { o.text.clear(); }, "no text");
  refused([](auto& o) { o.text = {"/nowhere/*.txt"}; }, "no file matches \"/nowhere/*.txt\"");
  refused([](auto& o) { o.text.push_back(o.text[0]); }, "named twice");
  refused([](auto& o) { o.validation_fraction = 1; }, "at least 0 and below 1");
  refused([](auto& o) { o.validation_fraction = 0.001; }, "raise --validation-fraction");
  refused([](auto& o) { o.shard_tokens = 0; }, "shards of 0 tokens");
  refused([](auto& o) { o.vocab = 65537; }, "16-bit ids");
  refused([](auto& o) { o.tokenizer = data_file("prose.txt"); }, "not a SentencePiece model");
  fs::create_directories(folder.path() / "text");
  write_file(folder.path() / "text/empty.txt", "\n\n");
  refused([&](auto& o) { o.text = {(folder.path() / "text/*.txt").string()}; }, "hold no document");
}

TEST_CASE("Inspect reports counts, entropy and what differs from the manifest", "[data]") {
  TemporaryFolder folder;
  PrepareOptions options = options_for(data_file("prose.txt.gz"), folder.path() / "out");
  PrepareResult result = prepare(options);
  FolderReport report = inspect(options.output);
  CHECK(report.problems.empty());
  CHECK(report.has_manifest);
  REQUIRE(report.splits.size() == 2);
  CHECK(report.splits[0].documents == result.train.documents);
  CHECK(report.splits[0].bytes == result.train.bytes);
  CHECK(report.splits[1].tokens == result.validation.tokens);
  CHECK(report.splits[0].sample.starts_with("This Psalm may be regarded as THE PREFACE PSALM"));
  CHECK(describe(report).find("all hashes agree") != std::string::npos);
  auto json = nlohmann::json::parse(to_json(report));
  CHECK(json["splits"]["train"]["tokens"] == result.train.tokens);

  const std::vector<uint16_t> tokens = {1, 300};
  write_shard(options.output / "val_000000.bin", tokens);
  write_shard(options.output / "train_000077.bin", tokens);
  report = inspect(options.output);
  CHECK(report.problems == std::vector<std::string>{"train_000077.bin is not in the manifest",
                                                    "val_000000.bin has another hash"});
}

TEST_CASE("The entropy of single tokens is that of their shares", "[data]") {
  TemporaryFolder folder;
  Tokenizer tokenizer(small_tokenizer());
  std::vector<int32_t> ids;
  tokenizer.encode("e", ids);
  REQUIRE(ids.size() == 1);
  // One document of three times "e": shares 1/4 and 3/4, three bytes.
  const std::vector<uint16_t> tokens = {1, uint16_t(ids[0]), uint16_t(ids[0]), uint16_t(ids[0])};
  write_shard(folder.path() / "fineweb_train_000000.bin", tokens);
  FolderReport bare = inspect(folder.path());
  CHECK(bare.splits.at(0).documents == -1);
  double nats = -0.25 * std::log(0.25) - 0.75 * std::log(0.75);
  CHECK(bare.splits.at(0).entropy == Approx(nats).epsilon(1e-14));
  CHECK(nlohmann::json::parse(to_json(bare))["splits"]["train"]["bytes"].is_null());
  SplitReport split = inspect(folder.path(), small_tokenizer()).splits.at(0);
  CHECK(split.documents == 1);
  CHECK(split.bytes == 3);
  CHECK(split.distinct_ids == 2);
  CHECK(split.sample == "eee");
  CHECK(split.bits_per_byte == Approx(nats * 4 / 3 / std::log(2.0)).epsilon(1e-14));
  TemporaryFolder empty;
  CHECK_THROWS_WITH(inspect(empty.path()), Catch::Contains("no shards"));
  CHECK_THROWS_WITH(inspect(empty.path() / "none"), Catch::Contains("no such folder"));
}
