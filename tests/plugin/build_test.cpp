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
#include "base/json.h"
#include "base/text.h"
#include "plugin/own_folder.h"
#include "plugin/sanitize.h"
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
                              Contains("wrote my_gain_sweep.toml\n") &&
                              Contains("next:\n  caddie plugin build my_gain.cpp\n  caddie plugin test "
                                       "my_gain\n  caddie run my_gain.toml\n"
                                       "  caddie sweep my_gain_sweep.toml\n"));
  std::string source = read_file("my_gain.cpp");
  CHECK_THAT(source, Contains("struct MyGain final : Modifier") && Contains("// Source: fill in"));
  CHECK(fs::exists("my_gain_test.sh"));

  Outcome built = shell("plugin build my_gain.cpp");
  INFO(built.output);
  REQUIRE(built.code == 0);
  const fs::path library = "plugins/modifiers/my_gain.so";
  CHECK_THAT(built.output, StartsWith(library.string() + " (modifier): built in ") &&
                               Contains("warning: my_gain.cpp: its card says .source = \"fill in\""));
  CHECK_THAT(shell("plugin build my_gain.cpp").output, Contains("up to date"));
  CHECK_THAT(shell("plugin list").output, Contains("my_gain                ok: "));

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
  CHECK_THAT(nothing.output, Contains("error: caddie plugin build: nothing.cpp has no CADDIE_PLUGIN line: "));
  CHECK_FALSE(fs::exists("plugins"));
  CHECK_THAT(shell("plugin build nowhere.cpp").output, Contains("nowhere.cpp: there is no such file"));
}

TEST_CASE("a new technique comes to a row of an ablation table by four commands", "[plugin]") {
  OwnFolder folder;
  for (const char* command :
       {"plugin new modifier my_gain", "plugin build my_gain.cpp", "sweep my_gain_sweep.toml"}) {
    Outcome done = shell(command);
    INFO(command << "\n" << done.output);
    REQUIRE(done.code == 0);
  }
  Outcome table = shell("table my_gain_sweep.toml --json");
  INFO(table.output);
  REQUIRE(table.code == 0);
  Json arms = Json::parse(table.output).at("arms");
  REQUIRE(arms.size() == 2);
  CHECK(arms[1].at("arm") == "+my_gain");
  CHECK(arms[1].at("n") == 3);
}

TEST_CASE("a function that is nearly a hook, or hides one, is warned about beside one that is right",
          "[plugin]") {
  OwnFolder folder;
  write_file("mine.cpp", R"(#include <caddie/plugin.h>
using namespace caddie;
struct Mine final : Modifier {
  Var branch(Block&, Var y) override { return y * 2.0f; }
  Var leav(Block&, Var x) { return x * 2.0f; }
  Var enter(Forward&, Var x) { return x * 2.0f; }
};
CADDIE_PLUGIN(Mine, .summary = "A test.", .source = "tests");
)");
  const std::string idle =
      "mine.cpp:5: leav() overrides no hook of Modifier, and nothing calls it; did you mean ";
  Outcome built = shell("plugin build mine.cpp");
  INFO(built.output);
  CHECK(built.code == 0);
  CHECK_THAT(built.output,
             Contains("warning: " + idle) && Contains("[-Woverloaded-virtual]") &&
                 Contains("virtual caddie::Var caddie::Modifier::enter(caddie::Block&, caddie::Var)"));
  CHECK_THAT(shell("plugin build mine.cpp").output, Contains("up to date") && Contains("warning: " + idle));
  CHECK_THAT(shell("plugin test mine --seconds 100").output, Contains(idle));
}

TEST_CASE("a default outside of its own range is refused when the plugin is built", "[plugin]") {
  OwnFolder folder;
  write_file("mine.cpp", in_file(compressor(), "std::string compress", R"(int level = 12;
  void settings(caddie::Settings& s) override { s("level", level, "how hard it tries", caddie::between(0, 9)); }
  std::string compress)"));
  Outcome built = shell("plugin build mine.cpp");
  CHECK(built.code == 4);
  CHECK_THAT(built.output,
             Contains("caddie plugin build: mine.cpp: the default of its setting 'level' is 12, and "
                      "wanted is from 0 to 9"));
  CHECK_FALSE(fs::exists("plugins"));
}

TEST_CASE("a wrong address is found when a plugin is tested with sanitizers", "[plugin]") {
  if (is_sanitized()) return;  // Then every test is.
  OwnFolder folder;
  auto schedule = [](const std::string& place) {
    return R"(#include <caddie/plugin.h>
struct Mine final : caddie::Schedule {
  double scale(const caddie::Progress&) const override {
    std::vector<double> scales(2, 1.0);
    volatile size_t place = )" +
           place + R"(;
    return scales.data()[place] > 2 ? 0.5 : 1;
  }
};
CADDIE_PLUGIN(Mine, .summary = "A test.", .source = "tests");
)";
  };
  write_file("mine.cpp", schedule("1"));
  REQUIRE(shell("plugin build mine.cpp").code == 0);
  Outcome fine = shell("plugin test mine --sanitize");
  INFO(fine.output);
  CHECK(fine.code == 0);
  CHECK_THAT(fine.output,
             Contains("with AddressSanitizer and UndefinedBehaviorSanitizer: mine (schedule)\n"));
  write_file("mine.cpp", schedule("2"));
  REQUIRE(shell("plugin build mine.cpp").code == 0);
  Outcome wrong = shell("plugin test mine --sanitize");
  INFO(wrong.output);
  CHECK(wrong.code == 1);
  CHECK_THAT(wrong.output, Contains("heap-buffer-overflow") && Contains("mine.cpp:") &&
                               Contains("FAILED         schedule          as above, for training") &&
                               Contains("mine: a sanitizer ends it; what that reports stands above"));
  fs::rename("mine.cpp", "elsewhere.cpp");
  Outcome gone = shell("plugin test mine --sanitize");
  CHECK(gone.code == 2);
  CHECK_THAT(gone.output, Contains("the source of plugins/schedules/mine.so is not known or gone"));
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

TEST_CASE("the plugins that the README explains are whole files of their folders", "[plugin]") {
  std::string text = read_file(source_folder() / "plugins/README.md");
  text.erase(0, text.find("## Three plugins, line by line"));
  text.erase(text.find("\n## ", 1));
  const std::regex explained("`([a-z_/]+\\.cpp)`:\n\n```cpp\n([^`]*)```");
  int count = 0;
  for (std::sregex_iterator found(text.begin(), text.end(), explained), end; found != end; ++found, ++count) {
    INFO((*found)[1]);
    CHECK((*found)[2] == read_file(source_folder() / "plugins" / (*found)[1].str()));
  }
  CHECK(count == 3);
}

TEST_CASE("the README names every operation on values", "[plugin]") {
  std::string text = read_file(source_folder() / "plugins/README.md");
  std::string header = read_file(source_folder() / "core/sdk/caddie/ops.h");
  const std::regex operation("CADDIE_API Var ([a-z_]+)\\(");
  int count = 0;
  for (std::sregex_iterator found(header.begin(), header.end(), operation), end; found != end; ++found) {
    if ((*found)[1] == "operator") continue;
    CHECK_THAT(text, Contains("`" + (*found)[1].str() + "`"));
    ++count;
  }
  CHECK(count > 5);
}

TEST_CASE("the README tells the options that plugins are compiled with", "[plugin]") {
  std::string text =
      std::regex_replace(read_file(source_folder() / "plugins/README.md"), std::regex("\n"), " ");
  std::string options = join(toolchain().compile, " ");
  if (options.find("-fsanitize") != std::string::npos) return;
  CHECK_THAT(text, Contains(std::regex_replace(options, std::regex(" -DCADDIE_.*| -D_GLIBCXX.*"), "")));
  CHECK_THAT(text, Contains(join(toolchain().link, " ")));
}
