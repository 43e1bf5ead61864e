// SPDX-License-Identifier: Apache-2.0
// Documents as they are read from text files of every form.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "data/documents.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

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
