// SPDX-License-Identifier: Apache-2.0
// Techniques that need or cannot stand each other, told by words on their plugins' cards.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "base/files.h"
#include "experiment/fit.h"
#include "support/laboratory.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

const fs::path kFixtures = build_folder() / "fixtures";

Experiment with(const std::vector<std::string>& techniques) {
  std::vector<std::string> changes;
  for (const std::string& technique : techniques) changes.push_back("techniques." + technique);
  std::vector<fs::path> folders = Registry::default_folders();
  folders.push_back(kFixtures);
  static Registry registry(folders);
  return load_experiment(source_folder() / "experiments/quickstart.toml", changes, registry, Device::kCpu);
}

}  // namespace

TEST_CASE("needs and conflicts are told by words that others provide", "[fit]") {
  CHECK_NOTHROW(with({"lamp={}", "reader={}"}));
  CHECK_NOTHROW(with({"lamp={enabled=false}", "sleeper={}"}));
  CHECK_NOTHROW(with({"lamp={}"}));
  CHECK_THROWS_AS(with({"reader={}"}), Misfit);
  CHECK_THROWS_WITH(with({"reader={}"}), Catch::Contains("[techniques.reader]: reader needs light") &&
                                             Catch::Contains("nothing in the experiment provides"));
  CHECK_THROWS_WITH(with({"lamp={enabled=false}", "reader={}"}), Catch::Contains("needs light"));
  CHECK_THROWS_WITH(with({"bulb={use=\"lamp\"}", "sleeper={}"}),
                    Catch::Contains("[techniques.sleeper]: sleeper cannot be used with light, which "
                                    "[techniques.bulb] provides"));
}

TEST_CASE("a sweep leaves out combinations that do not go together, and says why", "[fit]") {
  fs::path file = laboratory().folder("fit.toml");
  write_file(laboratory().folder("fit_base.toml"),
             "extends = \"tiny.toml\"\n[techniques]\nlamp = { enabled = false }\n"
             "reader = { enabled = false }\nsleeper = { enabled = false }\n");
  write_file(file, R"(
base = "fit_base.toml"
seeds = [1]
[[axis]]
toggle = "lamp"
[[axis]]
toggle = "reader"
[[axis]]
toggle = "sleeper"
)");
  Outcome plan = shell("-h > /dev/null; CADDIE_PLUGINS=" + kFixtures.string() + " " + kProgram + " plan " +
                       file.string() + " --why-excluded");
  INFO(plan.output);
  CHECK(plan.code == 0);
  // Of 8 combinations: a reader without a lamp (2), a sleeper with one (2).
  CHECK(plan.output.find("4 arms") != std::string::npos);
  CHECK(plan.output.find("left out: +reader: [techniques.reader]: reader needs light") != std::string::npos);
  CHECK(plan.output.find("left out: +lamp +sleeper: [techniques.sleeper]: sleeper cannot") !=
        std::string::npos);
}

TEST_CASE("a plugin that could not do what its author means is refused, and told what is wrong", "[fit]") {
  auto refusal = [&](const char* setting, const std::string& technique) {
    setting ? ::setenv("NAMESAKE", setting, 1) : ::unsetenv("NAMESAKE");
    std::string told;
    try {
      with({technique + "={}"});
    } catch (const Error& error) {
      told = error.what();
    }
    ::unsetenv("NAMESAKE");
    return told;
  };
  CHECK_THAT(refusal(nullptr, "hookless"),
             Catch::Contains("quickstart.toml") || Catch::Contains("techniques.hookless"));
  CHECK_THAT(refusal(nullptr, "hookless"),
             Catch::Contains("plugin 'hookless' overrides none of a modifier's sites"));
  CHECK(refusal(nullptr, "namesake").empty());
  CHECK(refusal("more", "namesake").empty());
  CHECK_THAT(refusal("gain", "namesake"),
             Catch::StartsWith("[techniques.namesake] (") &&
                 Catch::EndsWith("plugin 'namesake' declares the setting 'gain' twice"));
  for (const char* own : {"enabled", "layers", "use", "allow_no_effect"})
    CHECK_THAT(refusal(own, "namesake"),
               Catch::Contains(std::string("plugin 'namesake' declares a setting '") + own +
                               "', which is the core's"));
}
