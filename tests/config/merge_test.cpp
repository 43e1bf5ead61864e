// SPDX-License-Identifier: Apache-2.0
// Where values come from: syntax, files that extend others, and overrides.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/tree.h"
#include "support/every_setting.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
using Strings = std::vector<std::string>;

TEST_CASE("syntax errors show their place", "[config]") {
  CHECK(error_of([] { Tree::parse("a = 1\nuse = muon\n", "a.toml"); }).starts_with("syntax error in "));
  CHECK_THAT(error_of([] { Tree::parse("a = 1\nuse = muon\n", "a.toml"); }),
             Catch::Contains(
                 "a string stands in quotes: \"muon\"\n --> a.toml:2:7\n  |\n2 | use = muon\n  |       ^"));
  CHECK_THAT(error_of([] { Tree::parse("flag = True", "a.toml"); }),
             Catch::Contains("booleans are true and false"));
  CHECK_THAT(error_of([] { Tree::parse("a = 1\na = 2", "a.toml"); }), Catch::Contains("cannot redefine"));
  CHECK_THAT(error_of([] { Tree::parse("a = [1,\n", "b.toml"); }), Catch::Contains(" --> b.toml:"));
}

TEST_CASE("extends merges tables and replaces everything else", "[config]") {
  TemporaryFolder folder;
  folder.write("presets/one.toml",
               "name = \"one\"\n[model]\nlayers = 1\ndim = 1\n[[axis]]\nx = 1\n[[axis]]\nx = 2\n");
  folder.write("presets/two.toml", "extends = \"one.toml\"\n[model]\ndim = 2\nheads = [1, 2, 3]\n");
  folder.write("presets/three.toml", "name = \"three\"\n[model]\ndim = 3\n");
  auto file = folder.write("main.toml",
                           "extends = [\"presets/two.toml\", \"presets/three.toml\", \"presets/one.toml\"]\n"
                           "[model]\nheads = [4]\n[[axis]]\nx = 3\n");
  Tree tree = Tree::load(file);
  CHECK_FALSE(tree.has("extends"));
  CHECK(tree.read_text("name") == "\"one\"");
  CHECK(tree.read_text("model.layers") == "1");
  CHECK(tree.read_text("model.dim") == "1");
  CHECK(tree.read_text("model.heads") == "[4]");
  CHECK(tree.children("axis") == Strings{"0"});
  CHECK(tree.read_text("axis.0.x") == "3");
  tree.check_all_read();
  CHECK(tree.origin("model.heads").text() == file.string() + ":3:9");
  CHECK(tree.origin("model.dim").text() == (folder / "presets/one.toml").string() + ":4:7");
  CHECK(tree.origin("nothing").text() == "default");

  std::string text =
      Tree::load(folder.write("again.toml", "extends = [\"presets/one.toml\", \"presets/two.toml\"]"))
          .read_text("model.dim");
  CHECK(text == "2");
}

TEST_CASE("extends refuses circles, missing files and wrong types, with their place", "[config]") {
  TemporaryFolder folder;
  auto a = folder.write("a.toml", "x = 1\nextends = \"sub/b.toml\"\n");
  folder.write("sub/b.toml", "extends = [\"../c.toml\"]\n");
  folder.write("c.toml", "extends = \"c/../a.toml\"\n");
  std::string circle = error_of([&] { Tree::load(a); });
  CHECK_THAT(circle, Catch::StartsWith("'extends' goes in a circle: " + a.string() + " -> "));
  CHECK_THAT(circle, Catch::Contains(" --> " + (folder / "c.toml").string() + ":1:11\n"));

  auto missing = folder.write("missing.toml", "extends = [\"sub/none.toml\"]\n");
  std::string text = error_of([&] { Tree::load(missing); });
  CHECK_THAT(text, Catch::StartsWith("'extends' names " + (folder / "sub/none.toml").string() +
                                     ": there is no such file"));
  CHECK_THAT(text, Catch::Contains("missing.toml:1:12\n"));
  auto wrong = folder.write("wrong.toml", "extends = 3\n");
  CHECK_THAT(error_of([&] { Tree::load(wrong); }),
             Catch::StartsWith("'extends' is an integer; wanted a path"));
  CHECK_THAT(error_of([&] { Tree::load(folder / "none.toml"); }),
             Catch::Contains("none.toml: there is no such file"));
  auto whole = folder.write("whole.toml", "extends = \"sub\"\n");
  CHECK_THAT(
      error_of([&] { Tree::load(whole); }),
      Catch::StartsWith("'extends' names " + (folder / "sub").string() + ": is a folder; wanted a file"));
  CHECK(error_of([&] { Tree::load(folder / "sub"); }) ==
        (folder / "sub").string() + ": is a folder; wanted a file");
}

TEST_CASE("overrides win, make tables, and are their own place", "[config]") {
  TemporaryFolder folder;
  auto file = folder.write("a.toml", "layers = 9\nkind = \"grid\"\n[deep]\nx = 1\n[[axis]]\nx = 1\n");
  Tree tree = Tree::load(file, Strings{"layers = 3", "where=last 4", "weights=[\"a=b\"]", "deep.deeper.y=2",
                                       "axis.0.x=7", "deep={z=1}", "kind=list"});
  Everything all = read_everything(tree);
  CHECK(all.layers == 3);
  CHECK(all.where.text == "last 4");
  CHECK(all.weights == Strings{"a=b"});
  CHECK(all.kind == "list");
  CHECK(tree.children("deep") == Strings{"deeper", "x", "z"});
  CHECK(tree.read_text("deep.deeper.y") == "2");
  CHECK(tree.read_text("axis.0.x") == "7");
  CHECK(tree.origin("layers").text() == "-S layers = 3");
  CHECK(tree.origin("deep.x").line == 4);

  auto failing = [&](const std::string& assignment) {
    return error_of([&] {
      Tree other = Tree::load(file);
      other.override_with(assignment);
      read_everything(other);
    });
  };
  CHECK(failing("layers=three") ==
        "'layers' is a string; wanted an integer from 1 to 64\n --> -S layers=three");
  CHECK(failing("layers.x=3") == "'layers' is an integer; wanted a table\n --> -S layers.x=3");
  CHECK_THAT(failing("axis.1.x=3"),
             Catch::StartsWith("'axis' has 1 elements; there is no element 1\n --> -S axis.1.x=3"));
  CHECK_THAT(failing("layers"), Catch::StartsWith("wanted an assignment such as"));
  CHECK_THAT(failing("=3"), Catch::StartsWith("wanted an assignment such as"));
  CHECK_THAT(failing("layers="), Catch::StartsWith("there is no value behind '='"));
  CHECK_THAT(failing("seeds=[1,2"), Catch::StartsWith("[1,2 is not a TOML value"));
  CHECK_THAT(failing("a..b=1"), Catch::StartsWith("path a..b: wanted names separated by dots"));
  CHECK_THAT(error_of([&] {
               Tree typo = Tree::parse("", "a.toml");
               typo.override_with("laiers=3");
               read_everything(typo);
               typo.check_all_read();
             }),
             Catch::Equals("unknown key 'laiers'; did you mean 'layers'?\n --> -S laiers=3"));
}

TEST_CASE("an override forgets what was read before", "[config]") {
  Tree tree = Tree::parse("layers = 3", "a.toml");
  read_everything(tree);
  tree.override_with("layers=4");
  CHECK(tree.values().empty());
  CHECK(read_everything(tree).layers == 4);
}

TEST_CASE("what several bases extend counts once, before all of them", "[config]") {
  TemporaryFolder folder;
  folder.write("a.toml", "steps = 1\nlr = 1\nname = \"a\"\n");
  folder.write("b.toml", "extends = \"a.toml\"\nsteps = 2\n");
  folder.write("c.toml", "extends = \"a.toml\"\nlr = 2\n");
  Tree tree = Tree::load(folder.write("d.toml", "extends = [\"b.toml\", \"c.toml\"]\n"));
  CHECK(tree.read_text("steps") == "2");
  CHECK(tree.read_text("lr") == "2");
  CHECK(tree.read_text("name") == "\"a\"");
}

TEST_CASE("settings of another plugin hold where the new one has them, and else mean nothing", "[config]") {
  auto read = [](Tree& tree) {
    int64_t level = 3;
    std::string use;
    tree.read("packer", [&](Settings& s) {
      s("use", use, "");
      s("level", level, "", between(0, 9));
    });
    return level;
  };
  TemporaryFolder folder;
  folder.write("base.toml", "[packer]\nuse = \"a\"\nlevel = 7\nwindow = 4\n");
  Tree same = Tree::load(folder.write("same.toml", "extends = \"base.toml\"\n[packer]\nuse = \"a\"\n"));
  CHECK(read(same) == 7);
  CHECK_THAT(error_of([&] { same.check_all_read(); }), Catch::Contains("unknown key 'window'"));

  auto file = folder.write("other.toml", "extends = \"base.toml\"\n[packer]\nuse = \"b\"\n");
  Tree other = Tree::load(file);
  CHECK(read(other) == 7);
  other.check_all_read();
  CHECK(other.resolved().find("window") == std::string::npos);
  Tree own = Tree::load(folder.write("own.toml", "extends = \"other.toml\"\n[packer]\nwindow = 5\n"));
  read(own);
  CHECK_THAT(error_of([&] { own.check_all_read(); }), Catch::Contains("unknown key 'window'"));

  Tree assigned = Tree::load(folder / "base.toml", std::vector<std::string>{"packer.use=b"});
  CHECK(read(assigned) == 7);
  assigned.check_all_read();
  folder.write("base.toml", "[packer]\nuse = \"a\"\nlevel = 19\n");
  Tree large = Tree::load(file);
  CHECK_THAT(error_of([&] { read(large); }), Catch::Contains("it was written for another plugin"));
}
