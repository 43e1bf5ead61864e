// SPDX-License-Identifier: Apache-2.0
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "support/temporary_folder.h"

using namespace caddie;

TEST_CASE("messages put values where the braces are", "[base]") {
  CHECK(message("{} of {}", {1, "two"}) == "1 of two");
  CHECK(message("{}", {0.5}) == "0.5");
  CHECK(message("no values", {}) == "no values");
  CHECK(message("{} {}", {1}) == "1 {}");
}

TEST_CASE("the nearest name is found, and none when all are far", "[base]") {
  std::vector<std::string> names = {"decay", "buckets", "every"};
  CHECK(nearest("decya", names) == "decay");
  CHECK(nearest("bukets", names) == "buckets");
  CHECK(nearest("learning_rate", names).empty());
  CHECK(suggestion("zzz", names) == "; known: decay, buckets, every");
}

TEST_CASE("globs match whole names", "[base]") {
  CHECK(matches("*", ""));
  CHECK(matches("blocks.*.attn.*", "blocks.10.attn.c_q.weight"));
  CHECK_FALSE(matches("blocks.*.attn", "blocks.10.attn.c_q.weight"));
  CHECK(matches("a?c*c", "abcxcc"));
  CHECK_FALSE(matches("a?c", "ac"));
}

TEST_CASE("a line is cut when it has too many characters, whatever its bytes", "[base]") {
  std::string letters(1000, 'x'), umlauts;
  for (int i = 0; i < 1000; ++i) umlauts += "\u00fc";
  CHECK(with_short_lines(letters) == letters);
  CHECK(with_short_lines(umlauts) == umlauts);
  CHECK(with_short_lines(letters + "x\n" + umlauts + "x") == letters + "...\n" + umlauts + "...");
}

TEST_CASE("what would command a terminal is written out", "[base]") {
  CHECK(printable("a\x1b[31m\tb\r\n") == "a\\x1b[31m\\tb\\r\\n");
  CHECK(printable("\x7f\u009b\u202a\u202e\u2066\u2069") == "\\u007f\\u009b\\u202a\\u202e\\u2066\\u2069");
  // These are the neighbours of what is written out: they stay.
  std::string harmless = " ~\u00a0\u2029\u202f\u2065\u206a\u65e5";
  CHECK(printable(harmless) == harmless);
  CHECK(printable("\xff\xe2\x80") == "\uFFFD\uFFFD\uFFFD");
  CHECK(printable_lines("a\tb\n\x1b\r\n\u202e\xff") == "a\tb\n\\x1b\\r\n\\u202e\uFFFD");
}

TEST_CASE("numbers and durations read well", "[base]") {
  CHECK(with_commas(16000000) == "16,000,000");
  CHECK(with_commas(-1234) == "-1,234");
  CHECK(with_commas(999) == "999");
  CHECK(duration(93.4) == "1m33s");
  CHECK(duration(0.25) == "0.25s");
  CHECK(duration(7300) == "2h01m");
}

TEST_CASE("hashes equal published values", "[base]") {
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(xxh3("") == "99aa06d3014798d86001c324468d497f");
}

TEST_CASE("files are replaced whole, and errors name the path", "[base]") {
  TemporaryFolder folder;
  auto path = folder / "deep/file.txt";
  write_file(path, "one");
  write_file(path, "two");
  CHECK(read_file(path) == "two");
  CHECK(MappedFile(path).bytes().size() == 3);
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "deep"), {}) == 1);
  CHECK_THROWS_WITH(read_file(folder / "missing"), Catch::Contains("missing: cannot open"));
  CHECK_THROWS_WITH(write_file(path / "below_a_file", ""), Catch::Contains("file.txt"));
}
