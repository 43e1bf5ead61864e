// SPDX-License-Identifier: Apache-2.0
// Tokenizers: training them, and ids that equal those of SentencePiece's library.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "data/documents.h"
#include "data/tokenizer.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

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
  CHECK_THROWS_WITH(train(261), Catch::Contains("261 pieces are too few") && Catch::Contains("--vocab"));
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
