// SPDX-License-Identifier: Apache-2.0
// A technique of one's own: written by `caddie plugin new`, compiled by `caddie plugin build`, and found by
// every verb that runs in the same folder.
#include <caddie/error.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <regex>
#include <string>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "plugin/own_folder.h"
#include "plugin/toolchain.h"
#include "results/run_folder.h"
#include "support/laboratory.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
using Catch::StartsWith;
namespace fs = std::filesystem;

namespace {

/// A source that compiles fast: it counts bytes and has no settings.
std::string compressor(const std::string& more = "") {
  return R"(#include <caddie/export_slots.h>
#include <caddie/plugin.h>
)" + more +
         R"(
struct Plain final : caddie::Compressor {
  std::string compress(std::string_view bytes) override { return std::string(bytes); }
  std::string expand(std::string_view bytes, size_t) const override { return std::string(bytes); }
};
CADDIE_PLUGIN(Plain, .summary = "Bytes as they are.", .source = "build_test.cpp");
)";
}

std::string in_file(const std::string& text, const std::string& from, const std::string& to) {
  std::string changed = std::regex_replace(text, std::regex(from), to);
  REQUIRE(changed != text);
  return changed;
}

}  // namespace

TEST_CASE("a new technique is written, built, run and built again, in a folder of its user's", "[plugin]") {
  OwnFolder folder;
  Outcome made = shell("plugin new modifier my_gain");
  INFO(made.output);
  REQUIRE(made.code == 0);
  CHECK_THAT(made.output, Contains("wrote my_gain.cpp\n") && Contains("wrote my_gain.toml\n") &&
                              Contains("caddie plugin build my_gain.cpp"));
  std::string source = read_file("my_gain.cpp");
  CHECK_THAT(source, Contains("struct MyGain final : Modifier") && Contains("// Source: fill in"));
  CHECK(fs::exists("my_gain_test.sh"));

  Outcome built = shell("plugin build my_gain.cpp");
  INFO(built.output);
  REQUIRE(built.code == 0);
  const fs::path library = "plugins/modifiers/my_gain.so";
  CHECK_THAT(built.output, StartsWith(library.string() + " (modifier): built in "));
  CHECK_THAT(shell("plugin build my_gain.cpp").output, Contains("up to date"));
  CHECK_THAT(shell("plugin list").output, Contains("my_gain                ok\n"));

  Outcome run = shell("run my_gain.toml --strict --output one");
  INFO(run.output);
  REQUIRE(run.code == 0);
  CHECK_THAT(run.output, !Contains("warning"));
  std::optional<RunRecord> record = read_run_record("one");
  REQUIRE(record);
  std::pair<std::string, std::string> used = {"my_gain", sha256_file(library)};
  CHECK(std::count(record->plugins.begin(), record->plugins.end(), used) == 1);

  write_file("my_gain.cpp", in_file(source, "between\\(0, 10\\)", "between(0, 20)"));
  Outcome stale = shell("explain my_gain.toml");
  CHECK(stale.code == 0);
  CHECK_THAT(stale.output,
             Contains("plugins/modifiers/my_gain.so: its source was changed since it was built; "
                      "caddie plugin build "));
  CHECK_THAT(shell("plugin list").output, Contains("my_gain                ok, but "));
  CHECK_THAT(shell("plugin build my_gain.cpp").output, Contains("built in"));
  CHECK_THAT(shell("explain my_gain.toml").output, !Contains("warning"));
  CHECK(sha256_file(library) != used.second);
}

TEST_CASE("names that are taken or cannot be, and kinds that are none, are refused before a file is written",
          "[plugin]") {
  OwnFolder folder;
  CHECK_THAT(shell("plugin new modifer x").output,
             Contains("there is no kind 'modifer'; did you mean 'modifier'?"));
  CHECK_THAT(shell("plugin new modifier My-Gain").output, Contains("cannot be the name of a plugin"));
  CHECK_THAT(shell("plugin new averager ema").output,
             Contains("there is a plugin 'ema' already: ") && Contains("averagers/ema.so"));
  CHECK(fs::is_empty("."));
  write_file("mine.toml", "");
  CHECK(shell("plugin new averager mine").code == 2);
  CHECK_FALSE(fs::exists("mine.cpp"));
  write_file("ema.cpp", compressor());
  Outcome taken = shell("plugin build ema.cpp");
  CHECK(taken.code == 4);
  CHECK_THAT(taken.output, Contains("there is a plugin 'ema' already: ") && Contains("averagers/ema.so"));
}

TEST_CASE("the compiler's words come as they are, and a source that is no plugin is told so", "[plugin]") {
  OwnFolder folder;
  write_file("broken.cpp", "int x = y;\n");
  Outcome broken = shell("plugin build broken.cpp");
  CHECK(broken.code == 4);
  CHECK_THAT(broken.output, Contains("broken.cpp:1:9: error: ") &&
                                Contains("broken.cpp does not compile; what the compiler "));
  write_file("nothing.cpp", "int nothing = 1;\n");
  Outcome nothing = shell("plugin build nothing.cpp");
  CHECK(nothing.code == 4);
  CHECK_THAT(nothing.output, Contains("has no CADDIE_PLUGIN line"));
  CHECK_FALSE(fs::exists("plugins"));
  CHECK_THAT(shell("plugin build nowhere.cpp").output, Contains("nowhere.cpp: there is no such file"));
}

TEST_CASE("a user's warnings are no errors, headers beside a source count, and a kind's folder is held to it",
          "[plugin]") {
  OwnFolder folder;
  write_file("averagers/own.h", "inline int own() { int unused = 1; return 0; }\n");
  write_file("averagers/plain.cpp", compressor("#include \"own.h\""));
  Outcome built = shell("plugin build averagers/plain.cpp");
  INFO(built.output);
  REQUIRE(built.code == 0);
  CHECK_THAT(built.output, Contains("[-Wunused-variable]") &&
                               Contains("is of kind compressor and lies in the folder of averagers"));
  write_file("averagers/own.h", "inline int own() { return 1; }\n");
  CHECK_THAT(shell("plugin list").output, Contains("its source was changed since it was built"));
  fs::remove("averagers/plain.cpp");
  CHECK_THAT(shell("plugin list").output, Contains("averagers/plain.cpp is gone"));

  fs::create_directory("plugins/averagers");
  fs::rename("plugins/compressors/plain.so", "plugins/averagers/plain.so");
  CHECK_THAT(shell("plugin list").output,
             Contains("it is of kind compressor and lies in the folder of averagers"));
}

TEST_CASE("the README tells the options that plugins are compiled with", "[plugin]") {
  std::string text =
      std::regex_replace(read_file(source_folder() / "plugins/README.md"), std::regex("\n"), " ");
  std::string options = join(toolchain().compile, " ");
  if (options.find("-fsanitize") != std::string::npos) return;
  CHECK_THAT(text, Contains(std::regex_replace(options, std::regex(" -DCADDIE_.*| -D_GLIBCXX.*"), "")));
  CHECK_THAT(text, Contains(join(toolchain().link, " ")));
}
