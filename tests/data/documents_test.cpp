// SPDX-License-Identifier: Apache-2.0
// Documents as they are read from text files of every form.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/text.h"
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
  CHECK_THROWS_WITH(documents_of(path), Catch::Contains("a.jsonl:2: column 10: not a JSON object"));
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

TEST_CASE("What a file holds is told by its first bytes, whatever its name", "[data]") {
  TemporaryFolder folder;
  std::vector<std::string> records = documents_of(data_file("prose.jsonl"));
  for (const char* name : {"c4.json", "C4.JSONL", "c4.txt", "c4.gz"}) {
    fs::copy_file(data_file("prose.jsonl"), folder.path() / name);
    CHECK(documents_of(folder.path() / name) == records);
  }
  fs::copy_file(data_file("prose.txt.gz"), folder.path() / "prose.zst");
  CHECK(documents_of(folder.path() / "prose.zst") == documents_of(data_file("prose.txt")));
  fs::path path = folder.path() / "x.txt";
  auto refused = [&](std::string bytes, const char* what) {
    write_file(path, bytes);
    CHECK_THROWS_WITH(documents_of(path), Catch::Contains("x.txt: ") && Catch::Contains(what));
  };
  refused("PK\x03\x04 and more", "a zip archive");
  refused("PAR1 and more", "a Parquet file");
  refused(std::string("\xFF\xFEh\0i\0", 6), "UTF-16 text, which 'iconv -f UTF-16 -t UTF-8' converts");
  refused(std::string("h\0e\0l\0l\0o\0 \0y\0o\0u\0", 18), "UTF-16 text");
  refused(std::string("h\0\0\0e\0\0\0l\0\0\0l\0\0\0o\0\0\0", 20), "UTF-32 text");
  refused("\xEF\xF0\xE8\xE2\xE5\xF2 \xEC\xE8\xF0", "another encoding than UTF-8 (9 of its first 10 bytes");
  refused("[{\"text\": \"a\"},\n {\"text\": \"b\"}]", "a JSON document over several lines");
  refused("{\n  \"text\": \"a\"\n}\n", "a JSON document over several lines");
  write_file(path, "{ braces }\nopen a text\n\nna\xEFve");
  CHECK(documents_of(path) == std::vector<std::string>{"{ braces }\nopen a text", "na\xEFve"});
  write_file(folder.path() / "x.jsonl.GZ", "no JSON");
  CHECK_THROWS_WITH(documents_of(folder.path() / "x.jsonl.GZ"), Catch::Contains("its name says JSON lines"));
}

TEST_CASE("Damage behind the first member of a gzip file is an error with its offset", "[data]") {
  TemporaryFolder folder;
  fs::path path = folder.path() / "two.gz";
  std::string member = read_file(data_file("prose.txt.gz"));
  std::vector<std::string> once = documents_of(data_file("prose.txt"));
  write_file(path, member + member + std::string(512, '\0'));
  CHECK(documents_of(path).size() >= 2 * once.size() - 1);
  std::string second = member;
  second[0] ^= 1;
  write_file(path, member + second);
  CHECK_THROWS_WITH(documents_of(path),
                    Catch::Contains("damaged gzip file at byte " + std::to_string(member.size())));
  write_file(path, member + member.substr(0, 5));
  CHECK_THROWS_WITH(documents_of(path), Catch::Contains("cut-off gzip file: it ends at byte " +
                                                        std::to_string(member.size() + 5)));
}

TEST_CASE("A frame of zstd whose window is too large is told with both sizes", "[data]") {
  TemporaryFolder folder;
  fs::path path = folder.path() / "w.zst";
  std::string good = read_file(data_file("prose.txt.zst"));
  // Frames whose header says, by RFC 8878: a window of 2^(10 + 22) bytes; one of 2^31 and 7 eighths; and one
  // segment of 2^33 bytes, which is its window.
  auto refused = [&](const std::string& frame, const char* window) {
    write_file(path, good + frame);
    CHECK_THROWS_WITH(documents_of(path),
                      Catch::Contains("w.zst: a zstd frame of it wants a window of " + std::string(window) +
                                      " bytes, and at most 2147483648 are read; compress "
                                      "it again with a smaller window"));
  };
  refused(std::string("\x28\xB5\x2F\xFD\x00\xB0 and more", 15), "4294967296");
  refused(std::string("\x28\xB5\x2F\xFD\x00\xAF and more", 15), "4026531840");
  refused(std::string("\x28\xB5\x2F\xFD\xE0\0\0\0\0\2\0\0\0 and more", 22), "8589934592");
}

TEST_CASE("A wrong line of JSON is named with its column and what is wrong", "[data]") {
  TemporaryFolder folder;
  fs::path path = folder.path() / "a.jsonl";
  auto refused = [&](const char* line, const char* what) {
    write_file(path, std::string("{\"text\": \"x\"}\n") + line + "\n");
    CHECK_THROWS_WITH(documents_of(path), Catch::Contains("a.jsonl:2: column ") && Catch::Contains(what));
  };
  refused("{\"text\": \"\\ud800 lone\"}", "surrogate");
  refused("{\"text\": \"x\", \"score\": NaN}", "column 24: not a JSON object: NaN and Infinity are no JSON");
  refused("{\"text\": \"na\xEFve\"}", "ill-formed UTF-8");
  refused("[1]", "column 1: not a JSON object");
}

TEST_CASE("UTF-8 is told from other bytes", "[data]") {
  for (std::string valid : {"", "a", "\u00E9", "\u65E5", "\U0001F600", "\U0010FFFF"})
    CHECK(is_valid_utf8(valid));
  for (std::string invalid : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                              "\xFF", "a\xE9 b", "\xE6\x97"})
    CHECK_FALSE(is_valid_utf8(invalid));
}
