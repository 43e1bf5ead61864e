// SPDX-License-Identifier: Apache-2.0
// The front as a process: every verb that --help lists explains itself, and mistakes in a command line are
// told as such.
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <sstream>
#include <string>

#include "support/laboratory.h"

using namespace caddie::testing;
using Catch::Contains;
using Catch::StartsWith;

namespace {

/// The verbs that a help text lists, with what it says of each.
std::map<std::string, std::string> verbs_of(const std::string& help) {
  std::map<std::string, std::string> verbs;
  std::istringstream lines(help);
  const std::regex verb("  ([a-z_]+) {2,}(\\S.*)");
  std::smatch found;
  for (std::string line; std::getline(lines, line);)
    if (std::regex_match(line, found, verb)) verbs[found[1]] = found[2];
  return verbs;
}

}  // namespace

TEST_CASE("every verb that the help lists explains itself", "[cli]") {
  Outcome help = shell("--help");
  REQUIRE(help.code == 0);
  std::map<std::string, std::string> verbs = verbs_of(help.output);
  // Names that others rely on.
  for (const char* name : {"run",    "plan",     "sweep",    "table",  "test",  "noise", "power",  "report",
                           "export", "import",   "transfer", "diff",   "rerun", "gc",    "verify", "explain",
                           "eval",   "artifact", "data",     "plugin", "bench", "doctor"}) {
    INFO(name);
    CHECK(verbs.count(name) == 1);
  }
  for (const auto& [verb, about] : verbs) {
    Outcome one = shell(verb + " --help");
    INFO(verb << ": " << one.output);
    CHECK(one.code == 0);
    CHECK_THAT(one.output, StartsWith(about) && Contains("Usage: caddie " + verb));
    for (const auto& [inner, inner_about] : verbs_of(one.output)) {
      Outcome two = shell(verb + " " + inner + " --help");
      INFO(inner << ": " << two.output);
      CHECK(two.code == 0);
      CHECK_THAT(two.output, StartsWith(inner_about));
    }
  }
}

TEST_CASE("a wrong command line ends with 2 and says what would help", "[cli]") {
  for (const char* wrong : {"", "runn", "run", "run a.toml --no-such-option", "plan", "data", "power --sd",
                            "plan nowhere.toml"}) {
    Outcome outcome = shell(wrong);
    INFO("caddie " << wrong << ": " << outcome.output);
    CHECK(outcome.code == 2);
    CHECK_FALSE(outcome.output.empty());
  }
  CHECK_THAT(shell("run a.toml --no-such-option").output, Contains("--no-such-option") && Contains("--help"));
  CHECK_THAT(shell("plan nowhere.toml").output, Contains("nowhere.toml") && StartsWith("error: "));
}

TEST_CASE("verbs and options that do not exist are named, with the nearest that do", "[cli]") {
  const std::map<std::string, std::string> wrongs = {
      {"plugin lst", "error: caddie plugin: there is no verb 'lst'; did you mean 'list'?\n"},
      {"data prepar --text a", "error: caddie data: there is no verb 'prepar'; did you mean 'prepare'?\n"},
      {"artifact inspekt x", "error: caddie artifact: there is no verb 'inspekt'; did you mean 'inspect'?\n"},
      {"plugin", "error: caddie plugin: a verb is missing; known: "},
      {"", "error: caddie: a verb is missing\n"},
      {"run a.toml --sed 3", "error: caddie run: there is no option '--sed'; did you mean '--seed'?\n"},
      {"run --sed=3 a.toml", "error: caddie run: there is no option '--sed'; did you mean '--seed'?\n"},
      {"run --qwertyuiop", "error: caddie run: there is no option '--qwertyuiop'\n"},
      {"run a.toml -x", "error: caddie run: there is no option '-x'\n"},
      {"--sed run a.toml", "error: caddie: there is no option '--sed'"},
      {"plan a.toml b.toml", "error: caddie plan: 'b.toml' is one argument too many\n"},
      {"run", "error: caddie run: experiment is required\n"},
      {"run a.toml --seed -1", "error: --seed: -1; wanted a whole number from 0"}};
  for (const auto& [wrong, said] : wrongs) {
    Outcome outcome = shell(wrong);
    INFO("caddie " << wrong);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.output, StartsWith(said));
  }
}

TEST_CASE("the program says its version on one line", "[cli]") {
  Outcome version = shell("--version");
  CHECK(version.code == 0);
  CHECK(std::regex_match(version.output, std::regex("[0-9]+\\.[0-9]+\\.[0-9]+\n")));
}

TEST_CASE("help groups the verbs by task", "[cli]") {
  Outcome help = shell("--help");
  REQUIRE(help.code == 0);
  std::map<std::string, std::string> group_of;  // verb -> title
  std::string line, title;
  for (std::istringstream lines(help.output); std::getline(lines, line);) {
    if (!line.empty() && line[0] != ' ' && line.back() == ':') title = line.substr(0, line.size() - 1);
    if (!line.starts_with("  ") || line.starts_with("  -") || line.starts_with("   ")) continue;
    std::string verb = line.substr(2, line.find(' ', 2) - 2);
    INFO(verb);
    CHECK(group_of.emplace(verb, title).second);
  }
  CHECK(group_of["run"] == "One experiment");
  CHECK(group_of["sweep"] == "Sweeps");
  CHECK(group_of["retry"] == "Sweeps");
  CHECK(group_of["power"] == "Sweeps");
  CHECK(group_of["table"] == "Results");
  CHECK(group_of["ls"] == "Results");
  CHECK(group_of["eval"] == "Artifacts");
  CHECK(group_of["plugin"] == "Data and plugins");
  CHECK(group_of["describe"] == "Data and plugins");
  CHECK(group_of["doctor"] == "This machine");
}

TEST_CASE("numbers of a command line are refused as they are typed", "[cli]") {
  const std::map<std::string, std::string> wrongs = {
      {"run a.toml --seed 010", "a whole number without zeros before it"},
      {"run a.toml --seed 0x10", "a whole number"},
      {"run a.toml --seed 9223372036854775808", "a whole number up to 9223372036854775807"},
      {"run a.toml --seed -1", "-1; wanted a whole number from 0"},
      {"run a.toml --threads -5", "a whole number from 1 to "},
      {"run a.toml --threads 99999", "a whole number from 1 to "},
      {"run a.toml --ranks 99999", "a whole number from 1 to "},
      {"bench train --threads 99999", "a whole number from 1 to "},
      {"bench train --layers 99999999", "a whole number from 1 to "},
      {"rerun r --threads -5", "a whole number from 1 to "},
      {"rerun r --threads 0", "a whole number from 1 to "},
      {"rerun r --threads 99999", "a whole number from 1 to "},
      {"sweep a.toml --budget 0s", "wanted a time above 0"},
      {"sweep a.toml --budget -1h", "wanted a time above 0"},
      {"sweep a.toml --budget h", "h; wanted a time above 0"},
      {"sweep a.toml --budget 4x", "4x; wanted a time above 0"},
      {"retry a --budget ''", "wanted a time above 0"},
      {"sweep a.toml -j 99999", "a whole number from 1 to "},
      {"sweep a.toml --threads 99999", "a whole number from 1 to "},
      {"plan a.toml -j 99999", "a whole number from 1 to "},
      {"noise a.toml --threads 99999", "a whole number from 1 to "},
      {"power --sd nan", "wanted a number"},
      {"power --sd inf", "wanted a number"},
      {"eval a --stride -1", "wanted a number above 0"},
      {"test a --margin -1", "wanted a number, 0 or more"},
      {"runn a.toml", "there is no verb 'runn'; did you mean 'run'?"}};
  for (const auto& [wrong, said] : wrongs) {
    Outcome outcome = shell(wrong);
    INFO("caddie " << wrong << ": " << outcome.output);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.output, Contains(said));
    CHECK(outcome.output.size() < 200);
  }
}

TEST_CASE("times of a command line may have units, in whatever case, and parts", "[cli]") {
  for (const char* time : {"90", "1.5m", "4H", "1h30m", "'2 d'"}) {
    Outcome outcome = shell(std::string("sweep nowhere.toml --budget ") + time);
    INFO(outcome.output);
    CHECK_THAT(outcome.output, Contains("nowhere.toml"));  // which is looked for once the time is read
  }
  for (const char* wrong : {"0h", "nan", "1e400", "'4 weeks'", "4h4"})
    CHECK_THAT(shell(std::string("sweep nowhere.toml --budget ") + wrong).output,
               Contains("wanted a time above 0"));
}
