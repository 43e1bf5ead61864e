// SPDX-License-Identifier: Apache-2.0
#include <caddie/error.h>
#include <caddie/settings.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/files.h"
#include "config/describe.h"
#include "config/tree.h"
#include "config/units.h"

using namespace caddie;
using Strings = std::vector<std::string>;

namespace {

/// One setting of every kind.
struct Everything {
  bool flag = false;
  int layers = 9;
  int64_t batch_tokens = 524288;
  float decay = 0.1f;
  double rate = 0.02;
  std::string kind = "grid";
  std::vector<int64_t> seeds = {1337};
  std::vector<double> betas = {0.9, 0.95};
  std::vector<std::string> weights = {};
  Layers where;
  double timeout = 60;
  int64_t artifact_bytes = 16'000'000;

  void settings(Settings& s) {
    s("flag", flag, "a switch");
    s("layers", layers, "how many blocks", between(1, 64));
    s("batch_tokens", batch_tokens, "tokens in a step", at_least(1));
    s("decay", decay, "share kept", between(0, 1));
    s("rate", rate, "step size");
    s("kind", kind, "which design", one_of("grid", "list", "random"));
    s("seeds", seeds, "one run each", at_least(0));
    s("betas", betas, "momenta", between(0, 1));
    s("weights", weights, "globs");
    s("where", where, "layers that act");
    s("timeout", timeout, "limit of a run", at_least(0));
    s("artifact_bytes", artifact_bytes, "limit of the file");
  }
};

Everything read_everything(Tree& tree, std::string_view path = "") {
  Everything all;
  tree.read(path, [&](Settings& s) { all.settings(s); });
  return all;
}

Everything read_everything(std::string_view toml) {
  Tree tree = Tree::parse(toml, "a.toml");
  return read_everything(tree);
}

/// The message of the Error with code 2 that `action` throws; empty when it throws none.
std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    return error.what();
  }
  return "";
}

std::string reading_error(std::string_view toml) {
  return error_of([&] { read_everything(toml); });
}

/// A folder of files that vanishes with the object.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / ("caddie_" + name)) {
    std::filesystem::remove_all(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  std::filesystem::path add(const std::string& name, std::string_view text) const {
    write_file(path_ / name, text);
    return path_ / name;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("settings of every kind are read, absent ones keep their defaults", "[config]") {
  Everything all = read_everything(R"(
flag = true
layers = 0x0B
batch_tokens = 786_432
decay = 1
rate = 2.5e-3
kind = "list"
seeds = [1, 2]
betas = [0, 0.5]
weights = ["*.attn.*", "ü"]
where = "last 4"
)");
  CHECK(all.flag);
  CHECK(all.layers == 11);
  CHECK(all.batch_tokens == 786432);
  CHECK(all.decay == 1.0f);
  CHECK(all.rate == 0.0025);
  CHECK(all.kind == "list");
  CHECK(all.seeds == std::vector<int64_t>{1, 2});
  CHECK(all.betas == std::vector<double>{0, 0.5});
  CHECK(all.weights == Strings{"*.attn.*", "ü"});
  CHECK(all.where.text == "last 4");
  CHECK(all.timeout == 60);
  CHECK(read_everything("").betas == std::vector<double>{0.9, 0.95});
}

TEST_CASE("an error shows the place, the line and a caret", "[config]") {
  CHECK(reading_error("# one\n\nlayers = \"nine\"  # blocks\n") ==
        "'layers' is a string; wanted an integer from 1 to 64\n"
        " --> a.toml:3:10\n"
        "  |\n"
        "3 | layers = \"nine\"  # blocks\n"
        "  |          ^^^^^^");
  // Columns count characters, not bytes; tabs are kept so that the caret stands under the value.
  CHECK(reading_error("\tweights = [\"ü\", 3]\n") ==
        "'weights' holds an integer; wanted an array of strings\n"
        " --> a.toml:1:18\n"
        "  |\n"
        "1 | \tweights = [\"ü\", 3]\n"
        "  | \t                ^");
  std::string many(30, '\n');
  CHECK_THAT(reading_error(many + "betas = [1,\n 2]"),
             Catch::Contains("\n  --> a.toml:32:2\n   |\n32 |  2]\n   |  ^"));
  CHECK_THAT(reading_error("rate = [1,\n 2]"), Catch::EndsWith("1 | rate = [1,\n  |        ^^^"));
}

TEST_CASE("wrong types say what is there and what is wanted", "[config]") {
  using Catch::StartsWith;
  CHECK_THAT(reading_error("flag = 1"), StartsWith("'flag' is an integer; wanted true or false\n"));
  CHECK_THAT(reading_error("layers = 9.0"),
             StartsWith("'layers' is a float; wanted an integer from 1 to 64\n"));
  CHECK_THAT(reading_error("rate = true"), StartsWith("'rate' is a boolean; wanted a number\n"));
  CHECK_THAT(reading_error("kind = 1979-05-27"),
             StartsWith("'kind' is a date or time; wanted one of grid, list, random\n"));
  CHECK_THAT(reading_error("[layers]"), StartsWith("'layers' is a table; wanted an integer"));
  CHECK_THAT(reading_error("seeds = 3"),
             StartsWith("'seeds' is an integer; wanted an array of integers, at least 0\n"));
  CHECK_THAT(reading_error("seeds = [0.5]"),
             StartsWith("'seeds' holds a float; wanted an array of integers"));
  CHECK_THAT(error_of([] {
               Tree tree = Tree::parse("[train]\nschedule = 3", "a.toml");
               read_everything(tree, "train.schedule.inner");
             }),
             StartsWith("'schedule' is an integer; wanted a table\n --> a.toml:2:12\n"));
  CHECK_THAT(error_of([] {
               Tree tree = Tree::parse("[[axis]]", "a.toml");
               read_everything(tree, "axis");
             }),
             StartsWith("'axis' is an array; wanted a table\n --> a.toml:1:1\n"));
}

TEST_CASE("values outside the range or the words are refused, the bounds are not", "[config]") {
  using Catch::StartsWith;
  CHECK(read_everything("layers = 1").layers == 1);
  CHECK(read_everything("layers = 64").layers == 64);
  CHECK_THAT(reading_error("layers = 0"), StartsWith("'layers' is 0; wanted an integer from 1 to 64\n"));
  CHECK_THAT(reading_error("layers = 65"), StartsWith("'layers' is 65; wanted an integer from 1 to 64\n"));
  CHECK_THAT(reading_error("layers = 4294967297"), StartsWith("'layers' is 4294967297; wanted"));
  CHECK_THAT(reading_error("batch_tokens = 0"),
             StartsWith("'batch_tokens' is 0; wanted an integer, at least 1\n"));
  CHECK_THAT(reading_error("decay = 1.5"), StartsWith("'decay' is 1.5; wanted a number from 0 to 1\n"));
  CHECK_THAT(reading_error("decay = nan"), StartsWith("'decay' is nan; wanted"));
  CHECK_THAT(reading_error("betas = [0.9, 2]"),
             StartsWith("'betas' holds 2; wanted an array of numbers, from 0 to 1\n"));
  CHECK_THAT(reading_error("kind = \"gird\""),
             StartsWith("'kind' is \"gird\"; wanted one of grid, list, random\n"));
  int narrow = 0;
  Tree tree = Tree::parse("n = 3_000_000_000", "a.toml");
  CHECK_THAT(error_of([&] { tree.read("", [&](Settings& s) { s("n", narrow, ""); }); }),
             StartsWith("'n' is 3000000000; wanted an integer that fits in 32 bits\n"));
}

TEST_CASE("sizes and durations may be written with units", "[config]") {
  CHECK(parse_bytes("16MB") == 16e6);
  CHECK(parse_bytes("16MiB") == 16777216);
  CHECK(parse_bytes("1.5 kB") == 1500);
  CHECK_FALSE(parse_bytes("16mb"));
  CHECK_FALSE(parse_bytes("16"));
  CHECK_FALSE(parse_bytes("-1B"));
  CHECK_FALSE(parse_bytes("16MB 2"));
  CHECK(parse_seconds("20m") == 1200);
  CHECK(parse_seconds("4h") == 14400);
  CHECK(parse_seconds("90s") == 90);
  CHECK(parse_seconds("1h30m") == 5400);
  CHECK(parse_seconds("250ms") == 0.25);
  CHECK_FALSE(parse_seconds(""));
  CHECK_FALSE(parse_seconds("20x"));

  Everything all = read_everything("timeout = \"20m\"\nartifact_bytes = \"16MiB\"");
  CHECK(all.timeout == 1200);
  CHECK(all.artifact_bytes == 16777216);
  CHECK(read_everything("timeout = 5").timeout == 5);
  CHECK_THAT(reading_error("timeout = \"20x\""),
             Catch::StartsWith("'timeout' is \"20x\"; wanted a number, at least 0, or a duration such as"));
  CHECK_THAT(reading_error("artifact_bytes = \"0.5B\""), Catch::Contains("or a size such as \"16MB\""));
  CHECK_THAT(reading_error("batch_tokens = \"1kB\""),
             Catch::StartsWith("'batch_tokens' is a string; wanted"));
}

TEST_CASE("layers are chosen by words, lists and arrays", "[config]") {
  using Numbers = std::vector<int>;
  CHECK(Layers{"all"}.resolve(3) == Numbers{0, 1, 2});
  CHECK(Layers{"all"}.resolve(0).empty());
  CHECK(Layers{"none"}.resolve(3).empty());
  CHECK(Layers{"first 2"}.resolve(3) == Numbers{0, 1});
  CHECK(Layers{"last 4"}.resolve(11) == Numbers{7, 8, 9, 10});
  CHECK(Layers{"last 0"}.resolve(11).empty());
  CHECK(Layers{" 8, 7 "}.resolve(11) == Numbers{7, 8});
  CHECK(Layers{"last 4"}.contains(7, 11));
  CHECK_FALSE(Layers{"last 4"}.contains(6, 11));
  CHECK(error_of([] { Layers{"7,11"}.resolve(11); }) ==
        "layers: '7,11' needs at least 12 layers; the model has 11");
  CHECK(error_of([] { Layers{"last 4"}.resolve(3); }) ==
        "layers: 'last 4' needs at least 4 layers; the model has 3");
  for (const char* wrong : {"", "lst 4", "last", "last -1", "1,,2", "1,1", "1.5", "last 4 5", "99999999999"})
    CHECK_THAT(error_of([&] { Layers{wrong}.resolve(11); }), Catch::Contains("is no choice of layers"));

  CHECK(read_everything("where = [8, 7]").where.text == "7,8");
  CHECK(read_everything("where = []").where.text == "none");
  CHECK_THAT(reading_error("where = \"lst 4\""),
             Catch::StartsWith("'where' is \"lst 4\"; wanted \"all\", \"none\""));
  CHECK_THAT(reading_error("where = [1, \"2\"]"), Catch::StartsWith("'where' holds a string; wanted"));
  CHECK_THAT(reading_error("where = [-1]"), Catch::StartsWith("'where' is [-1]; wanted"));
}

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
  Folder folder("config_extends");
  folder.add("presets/one.toml",
             "name = \"one\"\n[model]\nlayers = 1\ndim = 1\n[[axis]]\nx = 1\n[[axis]]\nx = 2\n");
  folder.add("presets/two.toml", "extends = \"one.toml\"\n[model]\ndim = 2\nheads = [1, 2, 3]\n");
  folder.add("presets/three.toml", "name = \"three\"\n[model]\ndim = 3\n");
  auto file = folder.add("main.toml",
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
      Tree::load(folder.add("again.toml", "extends = [\"presets/one.toml\", \"presets/two.toml\"]"))
          .read_text("model.dim");
  CHECK(text == "2");
}

TEST_CASE("extends refuses circles, missing files and wrong types, with their place", "[config]") {
  Folder folder("config_circle");
  auto a = folder.add("a.toml", "x = 1\nextends = \"sub/b.toml\"\n");
  folder.add("sub/b.toml", "extends = [\"../c.toml\"]\n");
  folder.add("c.toml", "extends = \"c/../a.toml\"\n");
  std::string circle = error_of([&] { Tree::load(a); });
  CHECK_THAT(circle, Catch::StartsWith("'extends' goes in a circle: " + a.string() + " -> "));
  CHECK_THAT(circle, Catch::Contains(" --> " + (folder / "c.toml").string() + ":1:11\n"));

  auto missing = folder.add("missing.toml", "extends = [\"sub/none.toml\"]\n");
  std::string text = error_of([&] { Tree::load(missing); });
  CHECK_THAT(text, Catch::StartsWith("'extends' names " + (folder / "sub/none.toml").string() +
                                     "; there is no such file"));
  CHECK_THAT(text, Catch::Contains("missing.toml:1:12\n"));
  auto wrong = folder.add("wrong.toml", "extends = 3\n");
  CHECK_THAT(error_of([&] { Tree::load(wrong); }),
             Catch::StartsWith("'extends' is an integer; wanted a path"));
  CHECK_THAT(error_of([&] { Tree::load(folder / "none.toml"); }),
             Catch::Contains("none.toml: there is no such file"));
}

TEST_CASE("overrides win, make tables, and are their own place", "[config]") {
  Folder folder("config_overrides");
  auto file = folder.add("a.toml", "layers = 9\nkind = \"grid\"\n[deep]\nx = 1\n[[axis]]\nx = 1\n");
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

TEST_CASE("unread values of the main file come before those of the files it extends", "[config]") {
  Folder folder("config_order");
  folder.add("base.toml", "in_base = 1\n");
  auto file = folder.add("main.toml", "\n\nextends = \"base.toml\"\nin_main = 1\n");
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

TEST_CASE("settings describe themselves", "[config]") {
  Everything all;
  auto infos = describe([&](Settings& s) { all.settings(s); });
  REQUIRE(infos.size() == 12);
  CHECK(
      nlohmann::json(infos[1]).dump() ==
      R"({"default_text":"9","help":"how many blocks","name":"layers","range":"from 1 to 64","type":"integer"})");
  CHECK(infos[2].range == "at least 1");
  CHECK(infos[3].default_text == "0.1");
  CHECK(infos[5].range == "one of grid, list, random");
  CHECK(infos[7].type == "array of numbers");
  CHECK(infos[7].default_text == "[0.9, 0.95]");
  CHECK(infos[9].type == "layers");
}
