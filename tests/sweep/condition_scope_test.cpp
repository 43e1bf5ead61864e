// SPDX-License-Identifier: Apache-2.0
// What names in conditions mean, in [when] exclude, --only and --where alike.
#include "sweep/condition_scope.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>

using namespace caddie;

namespace {

using SettingTexts = std::map<std::string, std::string>;

const SettingTexts kPlain = {{"model.dim", "384"}, {"techniques.hash.enabled", "false"}};
const SettingTexts kHashed = {{"model.dim", "384"},
                              {"evaluators.slow.enabled", "true"},
                              {"techniques.hash.enabled", "true"},
                              {"techniques.hash.buckets", "16"}};

bool holds(ConditionScope& scope, const std::string& condition, const SettingTexts& settings) {
  return scope.holds(Expression(condition, "here"), find_in(settings));
}

}  // namespace

TEST_CASE("a label stands for the switch of a technique, a path for a setting", "[sweep]") {
  ConditionScope scope("here", "look there");
  CHECK(holds(scope, "hash and model.dim == 384", kHashed));
  CHECK_FALSE(holds(scope, "hash", kPlain));
  CHECK(holds(scope, "techniques.hash.enabled and techniques.hash", kHashed));
  CHECK(holds(scope, "evaluators.slow", kHashed));
  CHECK_NOTHROW(scope.check_names());
}

TEST_CASE("a label may hold dots", "[sweep]") {
  const SettingTexts on = {{"techniques.\"a.b\".enabled", "true"}},
                     off = {{"techniques.\"a.b\".enabled", "false"}};
  for (const char* name : {"a.b", "techniques.\"a.b\"", "techniques.\"a.b\".enabled"}) {
    INFO(name);
    ConditionScope scope("here", "look there");
    CHECK(holds(scope, name, on));
    CHECK_FALSE(holds(scope, name, off));
    CHECK_NOTHROW(scope.check_names());
  }
  // A setting goes before a label.
  ConditionScope scope("here", "look there");
  CHECK_FALSE(holds(scope, "a.b", {{"a.b", "false"}, {"techniques.\"a.b\".enabled", "true"}}));
}

TEST_CASE("a name may be without a value here and there, but not everywhere", "[sweep]") {
  ConditionScope scope("here", "look there");
  CHECK_FALSE(holds(scope, "techniques.hash.buckets == 16", kPlain));
  CHECK(scope.misses_names());
  CHECK_THROWS_WITH(scope.check_names(),
                    Catch::Contains("here: nothing here has a value 'techniques.hash.buckets'; look there"));
  CHECK(holds(scope, "techniques.hash.buckets == 16", kHashed));
  CHECK_FALSE(scope.misses_names());
  CHECK_NOTHROW(scope.check_names());
}

TEST_CASE("a text without quotes is told to need them", "[sweep]") {
  const SettingTexts run = {
      {"status", "\"done\""}, {"model.dim", "384"}, {"techniques.dome.enabled", "true"}};
  auto error = [&](const std::string& condition) -> std::string {
    ConditionScope scope("--where", "look there");
    holds(scope, condition, run);
    for (const auto& [path, text] : run) scope.know(path);
    try {
      scope.check_names();
    } catch (const Error& e) {
      return e.what();
    }
    return "";
  };
  const std::string quotes = "--where: nothing here has a value 'done'; a text stands in quotes: \"done\"";
  CHECK(error("status == done") == quotes + "; or did you mean 'dome'?");
  CHECK(error("not (done != status) and dome") == quotes + "; or did you mean 'dome'?");
  CHECK(error("status == zzzzzzzz") ==
        "--where: nothing here has a value 'zzzzzzzz'; a text stands in quotes: \"zzzzzzzz\"");
  CHECK_THAT(error("statsu == done"), Catch::Contains("'statsu'; did you mean 'status'"));
  CHECK_THAT(error("model.dim == model.dmi"), Catch::Contains("'model.dmi'; did you mean 'model.dim'"));
  CHECK_THAT(error("model.dmi == 384"), Catch::Contains("'model.dmi'; did you mean 'model.dim'"));
  CHECK(error("status == \"done\"").empty());
}

TEST_CASE("a misspelt name is named with the nearest known one", "[sweep]") {
  ConditionScope scope("--only", "look there");
  CHECK_FALSE(holds(scope, "hsah", kHashed));
  for (const auto& [path, text] : kHashed) scope.know(path);
  CHECK_THROWS_WITH(
      scope.check_names(),
      "--only: nothing here has a value 'hsah'; did you mean 'hash', or \"hsah\" in quotes, if it is text?");
  CHECK_THROWS_WITH(scope.check_name("zzzzzzzz"), Catch::Contains("'zzzzzzzz'; look there"));
  try {
    scope.check_names();
    FAIL("a misspelt name passed");
  } catch (const Error& error) {
    CHECK(error.code() == 2);
  }
  scope.know("hsah");
  CHECK_NOTHROW(scope.check_names());
}
