// SPDX-License-Identifier: Apache-2.0
// Mistakes that authors of plugins made in a trial, each told with what would be right. Where others are
// told: hooks that override nothing, idle_functions_test.cpp, build_test.cpp and experiment/fit_test.cpp;
// what settings may not be called, fit_test.cpp; wrong gradients, states that are forgotten, races, chance
// that is not the run's, laws/broken_*_test.cpp; what is not finite, train/trainer_test.cpp and
// train/not_finite_test.cpp; crashes, ends and endless loops, unruly_test.cpp; two plugins of one name,
// registry_test.cpp and install_test.sh; a source that is gone or lies in the folder of another kind,
// build_test.cpp.
#include <catch2/catch.hpp>

#include <string>

#include "base/files.h"
#include "plugin/own_folder.h"
#include "support/laboratory.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// Trains a tiny model with the fixture, which makes a mistake behind the MLP of layer 1.
Outcome run_with(const std::string& mistake, const std::string& more = "") {
  Variable folders("CADDIE_PLUGINS", (build_folder() / "fixtures").string());
  return laboratory().run("mistake", "--fresh -S techniques.mistaken.mistake='\"" + mistake + "\"' " + more);
}

/// Tests the fixture with a mistake.
Outcome test_with(const std::string& mistake) {
  Variable folders("CADDIE_PLUGINS", (build_folder() / "fixtures").string());
  return shell("plugin test mistaken --set mistake='\"" + mistake + "\"'");
}

const std::string kPlace = "plugin 'mistaken' at branch of layer 1, step 0: ";

}  // namespace

TEST_CASE("a field of the card that there is not is the compiler's error, at its place", "[plugin]") {
  OwnFolder folder;
  write_file("mine.cpp",
             "#include <caddie/plugin.h>\n"
             "struct Mine final : caddie::Activation {\n"
             "  caddie::Var apply(caddie::Var x) override { return x; }\n};\n"
             "CADDIE_PLUGIN(Mine, .sumary = \"A test.\", .source = \"tests\");\n");
  Outcome built = shell("plugin build mine.cpp");
  CHECK(built.code == 4);
  CHECK_THAT(built.output,
             Contains("mine.cpp:5:") && Contains("sumary") && Contains("mine.cpp does not compile"));
}

TEST_CASE("a key that the plugin does not declare is told with those that it does", "[plugin]") {
  Outcome run = run_with("none", "-S techniques.mistaken.strength=2");
  CHECK(run.code == 2);
  CHECK_THAT(run.output,
             Contains("unknown key 'strength' in [techniques.mistaken]; known: ") && Contains("mistake"));
}

TEST_CASE("a selector that matches no weight is told", "[plugin]") {
  Outcome run = run_with(
      "none", "-S 'export.quantizers.int8.weights=[\"role:matrix\", \"role:embedding\", \"no.such.*\"]'");
  CHECK(run.code == 0);
  CHECK_THAT(run.output, Contains("[export.quantizers.int8] 'no.such.*' matches no weight of this model"));
}

TEST_CASE("a weight that is read and was never declared names the technique and the place", "[plugin]") {
  Outcome run = run_with("undeclared");
  CHECK(run.code == 1);
  CHECK_THAT(run.output, Contains(kPlace + "a weight was read before it was declared"));
}

TEST_CASE("a value that is none names the technique and the place, as an operand and as a result",
          "[plugin]") {
  Outcome operand = run_with("undefined operand");
  INFO(operand.output);
  CHECK(operand.code != 0);
  CHECK_THAT(operand.output, Contains(kPlace));
  CHECK_THAT(run_with("undefined result").output, Contains(kPlace + "it returned no value"));
}

TEST_CASE("what is thrown is told with the technique and the place, whatever its type", "[plugin]") {
  CHECK_THAT(run_with("throw words").output, Contains(kPlace + "my own words"));
  Outcome run = run_with("throw 7");
  CHECK(run.code == 1);
  CHECK_THAT(run.output, Contains(kPlace + "it throws a value of type int, which is no std::exception"));
}

TEST_CASE("laws name the place of a crash or of a missing value, and tell what breaks several of them once",
          "[plugin]") {
  Outcome result = test_with("undefined result");
  CHECK(result.code == 1);
  CHECK_THAT(result.output, Contains("FAILED         passes") &&
                                Contains("plugin 'mistaken' at branch of layer 1: it returned no value") &&
                                Contains("FAILED         gradients         as above, for passes\n"));
  Outcome operand = test_with("undefined operand");
  INFO(operand.output);
  CHECK(operand.code == 1);
  CHECK_THAT(operand.output, Contains("at branch of layer 1"));
}

TEST_CASE("the limit of a law can be chosen", "[plugin]") {
  CHECK(shell("plugin test zlib --seconds 0").code == 2);
  Variable folders("CADDIE_PLUGINS", (build_folder() / "fixtures").string());
  Variable deed("UNRULY", "forward pass: hang");
  Outcome hung = shell("plugin test unruly --seconds 0.2");
  CHECK(hung.code == 1);
  CHECK_THAT(hung.output, Contains("unruly: it did not return within 0.2 s"));
}
