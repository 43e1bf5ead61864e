// SPDX-License-Identifier: Apache-2.0
// Text that a user or a file brings along is printed without what a terminal would obey.
#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "base/files.h"
#include "support/laboratory.h"

namespace caddie::testing {
namespace {

/// Checks that the program prints `wanted`, and no escape character, with these arguments.
void check_printed(const std::string& arguments, int code, const std::string& wanted) {
  Outcome outcome = shell(arguments);
  INFO(arguments << ": " << outcome.output);
  CHECK(outcome.code == code);
  CHECK(outcome.output.find(wanted) != std::string::npos);
  CHECK(outcome.output.find('\x1b') == std::string::npos);
  CHECK(outcome.output.find("\u202e") == std::string::npos);
}

}  // namespace

TEST_CASE("the question of a sweep commands no terminal", "[cli]") {
  std::string file = laboratory().folder("question.toml"), folder = laboratory().folder("question");
  write_file(file,
             "base = \"tiny.toml\"\nseeds = [1]\nquestion = \"red \\u001b[31m or \\u202Eback?\"\n"
             "[design]\nkind = \"grid\"\n[[axis]]\ntoggle = \"trigram_hash\"\n");
  std::string wanted = "red \\x1b[31m or \\u202eback?\n";
  check_printed("plan " + file, 0, wanted);
  check_printed(fmt::format("sweep {} --output {}", file, folder), 0, wanted);
  check_printed("table " + folder, 0, wanted);
  check_printed("status " + folder, 0, "2 done");
}

TEST_CASE("a path or an argument in a message commands no terminal", "[cli]") {
  write_file(laboratory().folder("file"), "");
  std::string folder = laboratory().folder("file").string() + "/a\x1b[31mx";
  check_printed(fmt::format("run {} --output '{}'", laboratory().experiment().string(), folder), 1,
                "/a\\x1b[31mx");
  check_printed("table '\x1b[31mx\u202e'", 2, "\\x1b[31mx\\u202e");
  check_printed("table x '\x1b[31my'", 2, "\\x1b[31my");
  check_printed("'\x1b[31mtable'", 2, "\\x1b[31mtable");
}

TEST_CASE("a number below all others is no option", "[cli]") {
  for (const char* number : {"-inf", "-Infinity", "-nan"}) {
    check_printed(std::string("test x:a ") + number, 2,
                  std::string(number) + ": wanted a number that is finite");
    check_printed(std::string("test x:a 1 --margin ") + number, 2, "wanted a number that is finite");
  }
  check_printed("test x:a inf", 2, "");
}

}  // namespace caddie::testing
