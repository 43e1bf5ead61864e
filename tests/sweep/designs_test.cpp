// SPDX-License-Identifier: Apache-2.0
// The table of designs: what a kind of design owes, asked of every row.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "report/reference.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "sweep/combinations.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

Factor toggle(const std::string& name) { return {name, true, {{"-" + name, {}}, {"+" + name, {}}}, 0}; }

/// Reads a sweep of two techniques whose [design] goes on with `design`.
SweepFile sweep_with(const TemporaryFolder& folder, const std::string& design) {
  folder.write("base.toml", "[techniques.a]\nenabled = false\n[techniques.b]\nenabled = false\n");
  return read_sweep(folder.write("sweep.toml", "base = \"base.toml\"\nseeds = [1]\n[design]\n" + design));
}

/// The error of a sweep that must not be read.
Error error_of(const std::string& design) {
  TemporaryFolder folder;
  try {
    combinations(sweep_with(folder, design));
  } catch (const Error& error) {
    return error;
  }
  FAIL("was read: " << design);
  throw;
}

}  // namespace

TEST_CASE("every file of core/sweep/designs is a row of the table, and every row has its file", "[sweep]") {
  fs::path folder = source_folder() / "core/sweep/designs";
  std::set<std::string> files;
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".cpp" && file.path().stem() != "table") files.insert(file.path().stem());
  std::vector<std::string> names = design_names();
  for (const std::string& file : files) {
    INFO(file << ".cpp has no row in table.cpp");
    CHECK(std::count(names.begin(), names.end(), file) == 1);
  }
  for (const std::string& name : names) {
    INFO("the row '" << name << "' has no file of that name");
    CHECK(files.count(name) == 1);
  }
  CHECK(names.front() == SweepFile().design_kind);
}

TEST_CASE("every design explains itself and its settings", "[sweep]") {
  for (const DesignKind& kind : design_kinds()) {
    INFO("design " << kind.name);
    CHECK_FALSE(kind.help.empty());
    for (const SettingInfo& setting : settings_of(kind)) {
      INFO("setting " << setting.name);
      CHECK_FALSE(setting.help.empty());
      CHECK_FALSE(setting.range.empty());
    }
  }
}

TEST_CASE("caddie describe knows every design with its settings", "[sweep]") {
  for (const DesignKind& kind : design_kinds()) {
    INFO("design " << kind.name);
    std::vector<Topic> topics = topics_called(kind.name);
    REQUIRE(topics.size() == 1);
    CHECK(topics[0].help == kind.help);
    CHECK(topics[0].settings.size() == settings_of(kind).size());
  }
  CHECK(topics_called("random")[0].settings[0].name == "samples");
}

TEST_CASE("every design that takes factors makes distinct arms of existing levels", "[sweep]") {
  for (const DesignKind& kind : design_kinds()) {
    if (kind.name == "list") continue;
    INFO("design " << kind.name);
    std::unique_ptr<SweepDesign> design = kind.make();
    std::vector<Factor> factors = {toggle("a"), toggle("b"), toggle("c")};
    for (Factor& factor : factors) {
      factor.baseline = design->baseline_of(factor);
      REQUIRE(factor.baseline < factor.levels.size());
    }
    std::vector<Levels> arms = design->arms(factors);
    CHECK(arms.size() >= 2);
    CHECK(std::set<Levels>(arms.begin(), arms.end()).size() == arms.size());
    for (const Levels& arm : arms) {
      REQUIRE(arm.size() == factors.size());
      for (size_t level : arm) CHECK(level < 2);
    }
    CHECK(design->arms(factors) == arms);
  }
}

TEST_CASE("a design whose effects are estimated varies several factors at once", "[sweep]") {
  for (const DesignKind& kind : design_kinds()) {
    std::unique_ptr<SweepDesign> design = kind.make();
    if (!design->has_effects()) continue;
    INFO("design " << kind.name);
    std::vector<Factor> factors = {toggle("a"), toggle("b"), toggle("c")};
    std::vector<size_t> seen(factors.size());
    size_t mixed = 0;
    for (const Levels& arm : design->arms(factors)) {
      size_t on = 0;
      for (size_t f = 0; f < arm.size(); ++f) on += arm[f], seen[f] += arm[f];
      mixed += on == 2;
    }
    CHECK(mixed > 0);
    for (size_t count : seen) CHECK(count > 0);
  }
  CHECK(find_design("grid")->make()->has_effects());
  CHECK_FALSE(find_design("stack")->make()->has_effects());
}

TEST_CASE("a design refuses the settings of another, at their line", "[sweep]") {
  for (const DesignKind& kind : design_kinds())
    for (const DesignKind& other : design_kinds())
      for (const SettingInfo& setting : settings_of(other)) {
        std::vector<std::string> kinds = designs_with(setting.name);
        if (std::count(kinds.begin(), kinds.end(), std::string(kind.name))) continue;
        INFO(kind.name << " given " << setting.name);
        Error error = error_of("kind = \"" + std::string(kind.name) + "\"\n" + setting.name + " = 4");
        CHECK(error.code() == 2);
        CHECK_THAT(error.what(), Catch::Contains("sweep.toml:5") &&
                                     Catch::Contains("'" + setting.name + "'") &&
                                     Catch::Contains(std::string(other.name)));
      }
  CHECK_THAT(error_of("samples = 3").what(),
             Catch::Contains("kind = \"grid\" has no 'samples'; that is a setting of random"));
}

TEST_CASE("a design takes its own settings, within their ranges", "[sweep]") {
  TemporaryFolder folder;
  const std::string both = "techniques = [\"a\", \"b\"]\n";
  CHECK(combinations(sweep_with(folder, both + "kind = \"random\"\nsamples = 1")).size() == 2);
  CHECK(combinations(sweep_with(folder, both + "kind = \"fractional\"\narms = 4")).size() == 4);
  CHECK_THAT(error_of(both + "kind = \"random\"\nsamples = 0").what(), Catch::Contains("sweep.toml:6"));
  CHECK_THAT(error_of(both + "kind = \"random\"\nsampels = 3").what(),
             Catch::Contains("sweep.toml:6") && Catch::Contains("did you mean 'samples'"));
}

TEST_CASE("an unknown design is shown where it stands, with the nearest one", "[sweep]") {
  Error error = error_of("techniques = [\"a\"]\nkind = \"leave_on_out\"");
  CHECK(error.code() == 2);
  CHECK_THAT(error.what(), Catch::Contains("sweep.toml:5") && Catch::Contains("no design 'leave_on_out'") &&
                               Catch::Contains("did you mean 'leave_one_out'"));
  CHECK_THAT(error_of("kind = \"xyz\"").what(), Catch::Contains("known: grid, zip, list"));
}

TEST_CASE("a design says what it cannot arrange, and in which sweep", "[sweep]") {
  for (const DesignKind& kind : design_kinds()) {
    INFO("design " << kind.name);
    std::string named = "kind = \"" + std::string(kind.name) + "\"";
    if (kind.make()->needs_factors())
      CHECK_THAT(error_of(named).what(), Catch::Contains("sweep.toml: [design] " + named) &&
                                             Catch::Contains("nothing to vary; add an [[axis]]"));
  }
  CHECK_THAT(error_of("techniques = [\"a\"]\nkind = \"list\"").what(),
             Catch::Contains("a list has points and no axes"));
  CHECK_THAT(error_of("techniques = [\"a\"]\nkind = \"fractional\"").what(),
             Catch::Contains("kind = \"fractional\": a fractional design takes 2 to 16 factors"));
  const std::string axis = "[[axis]]\nkey = \"x\"\nvalues = [1, 2, 3]\n";
  CHECK_THAT(error_of("techniques = [\"a\"]\nkind = \"zip\"\n" + axis).what(),
             Catch::Contains("'a' has 2 levels, 'x' has 3"));
  CHECK_THAT(error_of("kind = \"stack\"\n" + axis).what(),
             Catch::Contains("'x' has 3 levels; this design wants two"));
}

TEST_CASE("only a fraction has effects that cannot be told apart", "[sweep]") {
  std::vector<Factor> factors = {toggle("a"), toggle("b"), toggle("c"), toggle("d")};
  for (const DesignKind& kind : design_kinds()) {
    INFO("design " << kind.name);
    CHECK(kind.make()->aliases(factors).empty() == (kind.name != "fractional"));
  }
}
