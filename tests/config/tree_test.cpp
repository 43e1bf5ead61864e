// SPDX-License-Identifier: Apache-2.0
// What a tree knows, refuses and writes.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/tree.h"
#include "support/every_setting.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
using Strings = std::vector<std::string>;

TEST_CASE("what nothing reads is an error, the first by position", "[config]") {
  Tree tree = Tree::parse(R"(
title = "t"
[techniques.trigram_hash]
dim = 3
bukets = 3072
another = 1
[modle]
layers = 3
)",
                          "experiments/base.toml");
  int buckets = 0, dim = 0;
  std::string title;
  tree.read("", [&](Settings& s) { s("title", title, ""); });
  tree.read("techniques.trigram_hash", [&](Settings& s) {
    s("buckets", buckets, "");
    s("dim", dim, "");
  });
  CHECK(error_of([&] { tree.check_all_read(); }) ==
        "unknown key 'bukets' in [techniques.trigram_hash]; did you mean 'buckets'?\n"
        " --> experiments/base.toml:5:1\n"
        "  |\n"
        "5 | bukets = 3072\n"
        "  | ^^^^^^");
  tree.know("techniques.trigram_hash", Strings{"bukets", "another"});
  CHECK_THAT(
      error_of([&] { tree.check_all_read(); }),
      Catch::StartsWith("unknown table 'modle'; known: techniques, title\n --> experiments/base.toml:7:2\n"));
  tree.read("model", [](Settings&) {});
  CHECK_THAT(error_of([&] { tree.check_all_read(); }),
             Catch::StartsWith("unknown table 'modle'; did you mean 'model'?\n"));
}

TEST_CASE("an error about a table points at the value it names, an assigned one first", "[config]") {
  Tree tree = Tree::parse("[a]\nfirst = 3\nlast = 2\nlast_one = 1\n", "x.toml");
  const std::string both = "last = 2 comes before first = 3";
  CHECK_THAT(error_of([&] { tree.fail_about("a", both); }), Catch::Contains("--> x.toml:3:8\n"));
  tree.override_with("a.first=4");
  CHECK_THAT(error_of([&] { tree.fail_about("a", both); }), Catch::EndsWith("--> -S a.first=4"));
  tree.override_with("a.last=1");
  CHECK_THAT(error_of([&] { tree.fail_about("a", both); }), Catch::EndsWith("--> -S a.last=1"));
  CHECK_THAT(error_of([&] { tree.fail_about("a", "the last_one is wrong"); }),
             Catch::Contains("--> x.toml:4:12\n"));
  CHECK_THAT(error_of([&] { tree.fail_about("a", "no value"); }), Catch::Contains("--> x.toml:1:"));
  CHECK_THAT(error_of([&] { tree.fail_about("b.c", both); }), Catch::Contains("--> x.toml"));
}

TEST_CASE("a string without quotes is advised as it was typed", "[config]") {
  Tree tree = Tree::parse("", "x.toml");
  std::string title;
  auto advice = [&](const char* assignment) {
    tree.override_with(assignment);
    return error_of([&] { tree.read("a", [&](Settings& s) { s("title", title, ""); }); });
  };
  for (const char* typed : {"1e3", "1.50", "0x10", "1_000", "+7", "true", "2026-01-31"})
    CHECK_THAT(advice((std::string("a.title=") + typed).c_str()),
               Catch::Contains(std::string("wanted a string, which stands in quotes here: -S 'a.title=\"") +
                               typed + "\"'\n"));
  CHECK_THAT(advice(" a.title = 1e3 "), Catch::Contains("here: -S 'a.title=\"1e3\"'\n"));
  CHECK_THAT(advice("a={title=1e3}"), Catch::Contains("wanted a string, which stands in quotes\n"));
}

TEST_CASE("a caret stands below what is wrong in a line with control characters", "[config]") {
  std::string wrong = "a = \"\u202e\"\nb = {c = \"\u009b\", \"d\u202e\" = 1}\n";
  Tree tree = Tree::parse(wrong, "x.toml");
  tree.read("", [&](Settings& s) {
    std::string a;
    s("a", a, "");
  });
  tree.read("b", [&](Settings& s) {
    std::string c;
    s("c", c, "");
  });
  CHECK_THAT(error_of([&] { tree.check_all_read(); }),
             Catch::EndsWith("2 | b = {c = \"\\u009b\", \"d\\u202e\" = 1}\n"
                             "  |                    ^^^^^^^^^"));
}

TEST_CASE("unread values of the main file come before those of the files it extends", "[config]") {
  TemporaryFolder folder;
  folder.write("base.toml", "in_base = 1\n");
  auto file = folder.write("main.toml", "\n\nextends = \"base.toml\"\nin_main = 1\n");
  CHECK_THAT(error_of([&] { Tree::load(file).check_all_read(); }),
             Catch::StartsWith("unknown key 'in_main'"));
}

TEST_CASE("tables can be known without being read, their content cannot", "[config]") {
  Tree tree = Tree::parse(
      "[techniques.off]\nuse = \"x\"\nsize = 3\n[techniques.off.inner]\ny = 1\n[techniques.bare]\n",
      "a.toml");
  tree.know("techniques.bare", {});
  tree.know("techniques.off", Strings{"use", "size", "inner", "absent"});
  CHECK_THAT(error_of([&] { tree.check_all_read(); }),
             Catch::StartsWith("unknown key 'y' in [techniques.off.inner]"));
  tree.know("techniques.off.inner", Strings{"y"});
  tree.check_all_read();
  CHECK(tree.canonical() ==
        "[techniques.bare]\n\n[techniques.off]\nsize = 3\nuse = \"x\"\n\n[techniques.off.inner]\ny = 1\n");
  Tree typo = Tree::parse("[techniqes.a]\nx = 1", "a.toml");
  typo.know("", Strings{"techniques", "train"});
  CHECK_THAT(error_of([&] { typo.check_all_read(); }),
             Catch::StartsWith("unknown table 'techniqes'; did you mean 'techniques'?\n --> a.toml:1:2\n"));
}

TEST_CASE("arrays of tables are read by number", "[config]") {
  Tree tree = Tree::parse(R"(
[[axis]]
toggle = "a"
[[axis]]
key = "model.dim"
values = [5, 6.5, true, "x"]
zip = { "model.dim" = [384, 512] }
)",
                          "s.toml");
  CHECK(tree.is_array("axis"));
  CHECK(tree.is_table("axis.1.zip"));
  CHECK(tree.children("axis") == Strings{"0", "1"});
  CHECK(tree.children("axis.1.zip") == Strings{"model.dim"});
  CHECK_FALSE(tree.has("axis.2"));
  CHECK(tree.read_texts("axis.1.values") == Strings{"5", "6.5", "true", "\"x\""});
  CHECK(tree.read_texts(join_path("axis.1.zip", "model.dim")) == Strings{"384", "512"});
  std::string toggle, key;
  for (const char* axis : {"axis.1", "axis.0"}) {
    tree.read(axis, [&](Settings& s) {
      s("toggle", toggle, "");
      s("key", key, "");
    });
  }
  tree.check_all_read();
  CHECK(tree.canonical() ==
        "[[axis]]\nkey = \"model.dim\"\ntoggle = \"a\"\n\n"
        "[[axis]]\nkey = \"model.dim\"\ntoggle = \"\"\nvalues = [5, 6.5, true, \"x\"]\n\n"
        "[axis.zip]\n\"model.dim\" = [384, 512]\n");
  CHECK_THAT(error_of([&] { tree.read("axis.2", [](Settings&) {}); }),
             Catch::Contains("[axis.2]: there is no such element"));
  CHECK_THAT(error_of([&] { tree.read_text("axis.0.values"); }),
             Catch::StartsWith("'axis.0.values' is missing\n --> s.toml:2:1\n"));
  CHECK_THAT(error_of([&] { tree.read_texts("axis.1.key"); }),
             Catch::StartsWith("'key' is a string; wanted an array"));

  Tree typo = Tree::parse("[[axis]]\ntoggle = \"a\"\n[[axis]]\ntogle = \"b\"\n", "s.toml");
  for (const char* axis : {"axis.0", "axis.1"})
    typo.read(axis, [&](Settings& s) { s("toggle", toggle, ""); });
  CHECK_THAT(error_of([&] { typo.check_all_read(); }),
             Catch::StartsWith("unknown key 'togle' in [axis.1]; did you mean 'toggle'?\n --> s.toml:4:1\n"));
}

TEST_CASE("the resolved text is UTF-8 whatever its files are called", "[config]") {
  Tree tree = Tree::parse("decay = 1\n", "caf\xe9\n.toml");
  read_everything(tree);
  CHECK_THAT(tree.resolved(), Catch::Contains("decay = 1.0  # from caf\xEF\xBF\xBD\\n.toml:1\n"));
  CHECK_NOTHROW(Tree::parse(tree.resolved(), "resolved.toml"));
}

TEST_CASE("an override takes away only what it names", "[config]") {
  Tree tree = Tree::parse("decay = 1\n", "a.toml");
  CHECK_THAT(error_of([&] { tree.override_with("~"); }), Catch::StartsWith("wanted a path behind '~'"));
  CHECK(tree.has("decay"));
  tree.override_with("~decay");
  CHECK_FALSE(tree.has("decay"));
}

TEST_CASE("the resolved text names every origin and parses back to the same tree", "[config]") {
  Tree tree = Tree::parse(
      "kind = \"list\"\ndecay = 1\n[part]\nwhere = [8, 7]\ntimeout = \"20m\"\nweights = "
      "[\"a\\\"\\\\\\n\\u0001ü\"]\n",
      "a.toml");
  tree.override_with("layers=3");
  read_everything(tree);
  read_everything(tree, "part");
  std::string resolved = tree.resolved();
  CHECK_THAT(resolved, Catch::StartsWith("artifact_bytes = 16000000  # default\n"));
  CHECK_THAT(resolved, Catch::Contains("\ndecay = 1.0  # from a.toml:2\n"));
  CHECK_THAT(resolved, Catch::Contains("\nlayers = 3  # from -S layers=3\n"));
  CHECK_THAT(resolved, Catch::Contains("\n\n[part]\n"));
  CHECK_THAT(resolved, Catch::Contains("\ndecay = 0.1  # default\n"));
  CHECK_THAT(resolved, Catch::Contains("\nwhere = \"7,8\"  # from a.toml:4\n"));
  CHECK_THAT(resolved, Catch::Contains("\ntimeout = 1200.0  # from a.toml:5\n"));

  Tree again = Tree::parse(resolved, "resolved.toml");
  read_everything(again);
  Everything part = read_everything(again, "part");
  again.check_all_read();
  CHECK(part.weights == Strings{"a\"\\\n\x01ü"});
  CHECK(part.decay == 0.1f);
  CHECK(again.canonical() == tree.canonical());
  CHECK(again.values().size() == 24);
}

TEST_CASE("canonical text can be restricted and does not depend on how values are written", "[config]") {
  auto text = [](std::string_view toml, const Strings& prefixes) {
    Tree tree = Tree::parse(toml, "a.toml");
    double rate = 2;
    Layers where;
    for (const char* path : {"model", "model.head", "train"}) {
      tree.read(path, [&](Settings& s) {
        s("rate", rate, "");
        s("where", where, "");
      });
    }
    return tree.canonical(prefixes);
  };
  CHECK(text("[train]\nrate = 3\nwhere = [1]", {"train"}) == "[train]\nrate = 3.0\nwhere = \"1\"\n");
  CHECK(text("train = { where = \"1 \", rate = 3.0 }", {"train"}) == "[train]\nrate = 3.0\nwhere = \"1\"\n");
  CHECK(text("", {"model.head.rate", "nothing"}) == "[model.head]\nrate = 2.0\n");
  CHECK(text("", {"train", "model.head"}) == text("", {"model.head", "train"}));
  CHECK(text("", {}) == text("", {"model", "train"}));
}

TEST_CASE("values lists paths, texts and origins", "[config]") {
  Tree tree = Tree::parse("[a]\nx = [1]\n", "a.toml");
  std::vector<int64_t> x, y = {2};
  tree.read("a", [&](Settings& s) {
    s("y", y, "");
    s("x", x, "");
  });
  auto values = tree.values();
  REQUIRE(values.size() == 2);
  CHECK(values[0].path + values[0].text + values[0].origin.text() == "a.x[1]a.toml:2:5");
  CHECK(values[1].path + values[1].text + values[1].origin.text() == "a.y[2]default");
}

TEST_CASE("other rooms can point at a value", "[config]") {
  Tree tree = Tree::parse("[model]\nuse = \"x\"\n", "a.toml");
  CHECK_THAT(error_of([&] { tree.fail_at("model.use", "no such plugin"); }),
             Catch::StartsWith("no such plugin\n --> a.toml:2:7\n"));
  CHECK_THAT(error_of([&] { tree.fail_at("model.dim", "m"); }), Catch::StartsWith("m\n --> a.toml:1:1\n"));
  CHECK(error_of([&] { tree.fail_at("train", "m"); }) == "m\n --> a.toml");
}

TEST_CASE("paths quote names with dots", "[config]") {
  CHECK(join_path("a", "b.c") == "a.\"b.c\"");
  CHECK(split_path("a.\"b.c\".0") == Strings{"a", "b.c", "0"});
  CHECK(split_path("").empty());
  for (const char* wrong : {".", "a.", "a..b", "\"a", "\"a\"b"}) CHECK_THROWS_AS(split_path(wrong), Error);
}

TEST_CASE("any name can stand in a path", "[config]") {
  for (const std::string name : {"a\"b'c", "back\\slash", "two\nlines", "tab\t", "\x01", "é.", "a b"}) {
    INFO(name);
    CHECK(split_path(join_path("x", name) + ".y") == Strings{"x", name, "y"});
    Tree tree;
    tree.override_with(join_path("", name) + ".z=1");
    CHECK(tree.children("") == Strings{name});
    CHECK(Tree::parse(join_path("", name) + " = 1", "t").children("") == Strings{name});
  }
}

TEST_CASE("keys of too many parts are refused where they stand", "[config]") {
  std::string deep = "a";
  for (int i = 0; i < 20000; ++i) deep += ".a";
  for (const std::string& text : {"x = 1\n" + deep + " = 1\n", "x = 1\n[" + deep + "]\n"})
    CHECK_THAT(error_of([&] { Tree::parse(text, "d.toml"); }),
               Catch::Contains("a key of more than 64 parts") && Catch::Contains("d.toml:2:1"));
  CHECK_THROWS_AS(Tree().override_with(deep + "=1"), Error);
  std::string dots(500, '.');
  CHECK_NOTHROW(Tree::parse("a = \"" + dots + "\" # " + dots + "\nb = '''\n" + dots + "'''\n", "d.toml"));
  std::string numbers = "0.5";
  for (int i = 0; i < 500; ++i) numbers += ", 0.5";
  CHECK_NOTHROW(Tree::parse("a = [" + numbers + "]", "d.toml"));
}

TEST_CASE("a long line is shown around its fault", "[config]") {
  std::string error = error_of([] { Tree::parse("x = [" + std::string(3000, ' ') + "}]", "l.toml"); });
  CHECK(error.size() < 700);
  CHECK_THAT(error, Catch::Contains("}]"));
}
