// SPDX-License-Identifier: Apache-2.0
// The language of the rules that turn upstream's settings into experiments.
#include "parity/upstream.h"

#include "parity/case.h"
#include "parity/made_up_case.h"

using namespace caddie;
using namespace caddie::parity;

namespace {

UpstreamTable table_of(const Folder& folder, const std::string& text) {
  write_file(folder.path / "table.toml", text);
  return UpstreamTable(folder.path / "table.toml");
}

}  // namespace

TEST_CASE("rules turn facts into an experiment", "[parity]") {
  Folder folder;
  UpstreamTable table = table_of(folder, R"(
    [[rule]]
    when = { mode = ["a", "b"], big = true }
    ignore = ["unused"]
    set = "x.first = {list.1}, {word}, { y = 1 }"
    [[rule]]
    unless.size = 0
    given = ["size"]
    absent = ["other"]
    set = ";size {size}"
    [[rule]]
    when.size = 0
  )");
  Facts facts = {{"mode", "b"}, {"big", true}, {"unused", 1}, {"list", {1, 2.5}}, {"word", "w"}, {"size", 3}};
  CHECK(table.experiment(facts, {}) == "x.first = 2.5, \"w\", { y = 1 }\n;size 3\n");
  facts["size"] = 0.0;
  CHECK(table.experiment(facts, {}) == "x.first = 2.5, \"w\", { y = 1 }\n");
  facts["size"] = 3;
  CHECK_THROWS_WITH(table.experiment(facts, {{"other", 1}}), Catch::Contains("covers size = 3"));
  facts["mode"] = "c";
  CHECK_THROWS_WITH(table.experiment(facts, {}),
                    Catch::Contains("mode = \"c\"") && Catch::Contains("unused = 1"));
  facts["mode"] = "a";
  facts.erase("word");
  CHECK_THROWS_WITH(table.experiment(facts, {}), Catch::Contains("wants the fact 'word'"));
}

TEST_CASE("texts of rules are globs, and lists are looked into", "[parity]") {
  Folder folder;
  UpstreamTable table = table_of(folder, R"(
    [[rule]]
    when.script = "*/2026-03-19_*"
    set = "old"
    [[rule]]
    includes.parts = ["mlp", "at*"]
    set = "inside"
    [[rule]]
    excludes.parts = "mlp"
    set = "without mlp"
  )");
  CHECK(table.experiment({}, {{"script", "records/2026-03-19_A/train.py"}}) == "old\n");
  CHECK(table.experiment({}, {{"script", "2026-03-19_A"}}) == "");
  CHECK(table.experiment({{"parts", {"mlp", "other"}}}, {}) == "inside\n");
  CHECK(table.experiment({{"parts", {"attn"}}}, {}) == "inside\nwithout mlp\n");
  CHECK_THROWS_AS(table.experiment({{"parts", "mlp"}}, {}), Skip);  // no list: neither rule can say
}

TEST_CASE("placeholders take the smaller of two numbers, and texts that rules share", "[parity]") {
  Folder folder;
  UpstreamTable table = table_of(folder, R"(
    [text]
    inner = "small {wanted<limit}"
    outer = "<{inner}>"
    [[rule]]
    given = ["wanted"]
    set = "{wanted<limit} {outer}"
  )");
  CHECK(table.experiment({{"wanted", 3}, {"limit", 11}}, {}) == "3 <small 3>\n");
  CHECK(table.experiment({{"wanted", 11}, {"limit", 3}}, {}) == "3 <small 3>\n");
  CHECK_THROWS_WITH(table.experiment({{"wanted", "many"}, {"limit", 3}}, {}),
                    Catch::Contains("wanted two numbers"));
}

TEST_CASE("facts that are off need no rule, those that are on are named", "[parity]") {
  Folder folder;
  UpstreamTable table = table_of(folder, "");
  Facts off = {{"a", nullptr}, {"b", false}, {"c", 0},  {"d", 0.0},
               {"e", "none"},  {"f", ""},    {"g", -1}, {"h", Json::array()}};
  CHECK(table.experiment(off, {}) == "");
  for (const Json& on : {Json(true), Json(1), Json(1e-9), Json("0"), Json::array({0})}) {
    Facts facts = off;
    facts["loops"] = on;
    CHECK_THROWS_WITH(table.experiment(facts, {}), Catch::Contains("no rule covers loops = " + on.dump()));
  }
  Json object = {{"known", 1}, {"off", 0}};
  CHECK_NOTHROW(know_keys(object, "it", {"known"}));
  object["new"] = 2;
  CHECK_THROWS_WITH(know_keys(object, "it", {"known"}), Catch::Contains("it has the unknown key 'new' = 2"));
}

TEST_CASE("facts of the whole fill placeholders of a part and decide nothing", "[parity]") {
  Folder folder;
  UpstreamTable table = table_of(folder, R"(
    [[rule]]
    when.kind = "group"
    set = "rate {rate}"
    [[rule]]
    given = ["decay"]
    set = "decay {decay}"
  )");
  CHECK(table.experiment({}, {{"kind", "group"}}, {{"rate", 2}, {"decay", 3}}) == "rate 2\n");
  CHECK(table.experiment({{"decay", 1}}, {{"kind", "group"}}, {{"rate", 2}, {"decay", 3}}) ==
        "rate 2\ndecay 1\n");
}

TEST_CASE("a malformed table of rules points at the place", "[parity]") {
  Folder folder;
  CHECK_THROWS_WITH(table_of(folder, "[rules]\n"),
                    Catch::Contains("table.toml:1") && Catch::Contains("[[rule]]"));
  CHECK_THROWS_WITH(table_of(folder, "[[rule]]\nwhenn.x = 1\n"),
                    Catch::Contains("table.toml:2") && Catch::Contains("a rule has when"));
  CHECK_THROWS_WITH(table_of(folder, "[[rule]]\ngiven = [1]\n"), Catch::Contains("is a string"));
  CHECK_THROWS_WITH(table_of(folder, "[text]\nx = 1\n"), Catch::Contains("table.toml:2"));
}
