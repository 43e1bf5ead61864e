// SPDX-License-Identifier: Apache-2.0
// Settings as they are read: types, ranges, units, choices of layers, and what is said of wrong ones.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "config/describe.h"
#include "config/tree.h"
#include "config/units.h"
#include "support/every_setting.h"

using namespace caddie;
using namespace caddie::testing;
using Strings = std::vector<std::string>;

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

TEST_CASE("settings describe themselves", "[config]") {
  Everything all;
  auto infos = describe([&](Settings& s) { all.settings(s); });
  REQUIRE(infos.size() == 12);
  CHECK(
      json_of(infos[1]).dump() ==
      R"({"name":"layers","type":"integer","default":"9","range":"from 1 to 64","help":"how many blocks"})");
  CHECK(infos[2].range == "at least 1");
  CHECK(infos[3].default_text == "0.1");
  CHECK(infos[5].range == "one of grid, list, random");
  CHECK(infos[7].type == "array of numbers");
  CHECK(infos[7].default_text == "[0.9, 0.95]");
  CHECK(infos[9].type == "layers");
}
