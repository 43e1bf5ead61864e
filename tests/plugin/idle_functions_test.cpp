// SPDX-License-Identifier: Apache-2.0
// A function of a plugin that overrides no hook and that nothing calls is told with the hook that is meant.
#include <catch2/catch.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "plugin/idle_functions.h"
#include "plugin/source_text.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

fs::path headers() { return source_folder() / "core/sdk"; }

/// Returns what is said of a modifier whose branch() is as it should be, and that has `more` besides.
std::vector<std::string> idle_beside_branch(const std::string& more, const std::string& behind = "") {
  TemporaryFolder folder;
  fs::path source = folder / "mine.cpp";
  write_file(source,
             "#include <caddie/plugin.h>\n"
             "using namespace caddie;\n"
             "struct Mine final : Modifier {\n" +
                 more + "  Var branch(Block& block, Var y) override { return y * 2.0f; }\n};\n" + behind +
                 "CADDIE_PLUGIN(Mine, .summary = \"leav( is no call.\", .source = \"tests\");\n");
  std::vector<std::string> said = idle_functions(source, headers());
  for (std::string& line : said) line.erase(0, line.find("mine.cpp"));
  return said;
}

using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("a misspelt hook beside a good one is told with the one that is meant", "[plugin]") {
  CHECK(idle_beside_branch("  int count = 0;  // leav()\n"
                           "  Var leav(Block& block, Var x) { return x * 3.0f; }\n") ==
        Said{"mine.cpp:5: leav() overrides no hook of Modifier, and nothing calls it; did you mean \"Var "
             "leave(Block&, Var x)\"?"});
}

TEST_CASE("a hook of every plugin may be meant, and a name that is near none gets all of them", "[plugin]") {
  CHECK(idle_beside_branch("  void setings(Settings& s) { s(\"x\", x, \"x\"); }\n  double x = 0;\n") ==
        Said{"mine.cpp:4: setings() overrides no hook of Modifier, and nothing calls it; did you mean \"void "
             "settings(Settings&)\"?"});
  Said said = idle_beside_branch(
      "\n  std::vector<std::pair<int, int>> pairs_of_layers(int n) const { return {}; }\n");
  REQUIRE(said.size() == 1);
  CHECK_THAT(said[0], Catch::StartsWith("mine.cpp:5: pairs_of_layers() overrides no hook of Modifier, and "
                                        "nothing calls it; its hooks are embedded, stem, ") &&
                          Catch::Contains("acts"));
}

TEST_CASE("what is called, overrides, is static or no function is not idle", "[plugin]") {
  CHECK(idle_beside_branch("  float twice(float x) const { return 2 * x; }\n"
                           "  Var leave(Block&, Var x) override { return x * twice(1.5f); }\n"
                           "  Var enter(Block&, Var x) { return x; }\n"
                           "  static int unused() { return 1; }\n"
                           "  Mine() { x = 1; }\n"
                           "  int x{0};\n"
                           "  double start = double(3);\n")
            .empty());
  CHECK(idle_beside_branch("  Var helper(Var y);\n", "Var Mine::helper(Var y) { return y; }\n").empty());
  CHECK(idle_beside_branch("", "struct Kernel { void operator()(int i) const {} void run() {} };\n").empty());
}

TEST_CASE("no plugin here, and no template, has an idle function", "[plugin]") {
  int sources = 0;
  for (const fs::path& folder : {source_folder() / "plugins", headers() / "templates"})
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".cpp") {
        INFO(entry.path());
        CHECK(idle_functions(entry.path(), headers()) == Said{});
        ++sources;
      }
  CHECK(sources > 100);
}

TEST_CASE("code is told from comments, texts in quotes and lines for the preprocessor", "[plugin]") {
  CHECK(code_of("a /* b */ \"c\\\"d\" 'e' // f\n#define g\n1'000 R\"x(h)\" )x\" i") ==
        "a" + std::string(24, ' ') + "\n" + std::string(9, ' ') + "\n1'000" + std::string(13, ' ') + "i");
}
