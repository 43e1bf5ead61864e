// SPDX-License-Identifier: Apache-2.0
// Conditions: how they bind, and what is said of those that make no sense.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "sweep/expression.h"

using namespace caddie;

namespace {

bool holds(const std::string& text) {
  Expression::Lookup lookup = [](const std::string& name) -> std::optional<Expression::Value> {
    if (name == "model.dim") return 384.0;
    if (name == "hash") return true;
    if (name == "techniques.\"a.b\".enabled") return true;
    if (name == "techniques.hash.dim") return 2.0;
    if (name == "use") return std::string("round");
    if (name == "empty") return std::nullopt;
    fail("no '{}' here", name);
  };
  return Expression(text, "here").holds(lookup);
}

}  // namespace

TEST_CASE("conditions bind not, then and, then or", "[sweep]") {
  CHECK(holds("model.dim == 384"));
  CHECK(holds("model.dim == 3.84e2"));
  CHECK_FALSE(holds("model.dim != 384"));
  CHECK(holds("hash and model.dim >= 384"));
  CHECK_FALSE(holds("not hash or model.dim < 384"));
  CHECK(holds("hash or hash and not hash"));
  CHECK_FALSE(holds("(hash or hash) and not hash"));
  CHECK(holds("use == 'round' and use == \"round\" and use != 'floor'"));
  CHECK(holds("hash == true"));
  CHECK_FALSE(holds("empty == 3"));
  CHECK_FALSE(holds("empty != 3"));
  CHECK_FALSE(holds("empty"));
}

TEST_CASE("a part of a name may stand in quotes", "[sweep]") {
  CHECK(holds("techniques.\"a.b\".enabled"));
  CHECK(holds("techniques.'a.b'.enabled and techniques.\"hash\".dim == 2"));
  CHECK(holds("techniques.\"a.b\".enabled == true and (techniques.\"a.b\".enabled)"));
  CHECK_THROWS_WITH(holds("techniques.\"a.b"), Catch::Contains("here: ") && Catch::Contains("not closed"));
  CHECK_THROWS_WITH(holds("techniques.\"a.b\"c"), Catch::Contains("separated by dots"));
}

TEST_CASE("conditions say what they do not understand", "[sweep]") {
  CHECK_THROWS_WITH(holds("model.dim =="), Catch::Contains("found the end; wanted a name or a value"));
  CHECK_THROWS_WITH(holds("model.dim = 3"), Catch::Contains("found '='"));
  CHECK_THROWS_WITH(holds("(hash"), Catch::Contains("wanted ')'"));
  CHECK_THROWS_WITH(holds("hash hash"), Catch::Contains("found 'hash'; wanted 'and', 'or' or the end"));
  CHECK_THROWS_WITH(holds("use == 'round"), Catch::Contains("closing quote"));
  CHECK_THROWS_WITH(holds("model.dim == 'round'"), Catch::Contains("different types"));
  CHECK_THROWS_WITH(holds("model.dim"), Catch::Contains("true or false"));
}

TEST_CASE("a condition of thousands of words is refused", "[sweep]") {
  for (const std::string part : {"(", "not ", "hash or "}) {
    std::string text;
    for (int i = 0; i < 30000; ++i) text += part;
    CHECK_THROWS_WITH(Expression(text + "hash", "here"), Catch::Contains("more than 2000 words"));
  }
}
