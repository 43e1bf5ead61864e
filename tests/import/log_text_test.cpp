// SPDX-License-Identifier: Apache-2.0
// Lines of logs as a person reads them, whatever wrote them: ends of lines, bars of progress, colours,
// prefixes.
#include "import/log_text.h"

#include <catch2/catch.hpp>

using namespace caddie;

namespace {

std::vector<std::string> texts(std::string_view log) {
  std::vector<std::string> texts;
  for (const LogLine& line : log_lines(log)) texts.push_back(line.text);
  return texts;
}

}  // namespace

TEST_CASE("lines end in LF or CR LF, and the last one may lack its end", "[import]") {
  CHECK(texts("a\nb\r\nc") == std::vector<std::string>{"a", "b", "c"});
  CHECK(texts("").empty());
  CHECK(log_lines("a\n\nb\n")[2].number == 3);
}

TEST_CASE("what a bar of progress is drawn over is a line of its own", "[import]") {
  CHECK(texts("\r 3%|#| 3/100\r 4%|#| 4/100\rstep:1/2 x:3\n") ==
        std::vector<std::string>{"", " 3%|#| 3/100", " 4%|#| 4/100", "step:1/2 x:3"});
  CHECK(log_lines("x\ny\rz\n")[2].number == 2);
}

TEST_CASE("colours and control characters are no part of a line", "[import]") {
  CHECK(texts("\x1b[1;32mseed:7\x1b[0m") == std::vector<std::string>{"seed:7"});
  CHECK(texts(std::string("a\0b\x7\n", 5)) == std::vector<std::string>{"ab"});
  CHECK(texts("\x1b[") == std::vector<std::string>{""});
  CHECK(texts("\x1b") == std::vector<std::string>{""});
}

TEST_CASE("what launchers and loggers put before a message is taken off", "[import]") {
  for (const char* line :
       {"[rank0]: seed:7", "[rank0]:seed:7", "0: seed:7", "2026-04-01 12:00:00,123 - INFO - seed:7",
        "[2026-04-01 12:00:00] seed:7", "2026-04-01T12:00:00.5Z seed:7", "12:00:01 seed:7", "INFO: seed:7",
        "INFO:root:seed:7", "trainer-0 | seed:7", "[12:00:01][INFO] seed:7", "[default0]:[rank0]: seed:7"}) {
    INFO(line);
    CHECK(without_prefixes(line) == "seed:7");
  }
}

TEST_CASE("indentation stays, and so does what only looks like a prefix", "[import]") {
  CHECK(without_prefixes("[rank0]:   beta: 0.9") == "  beta: 0.9");
  for (const char* line :
       {"  beta: 0.9", "1/2000 val_loss: 3.1", "step:1/2 a:3", "12:00 x", "[]", "", "a | b", "12345: x"}) {
    INFO(line);
    CHECK(without_prefixes(line) == line);
  }
}
