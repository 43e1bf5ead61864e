// SPDX-License-Identifier: Apache-2.0
// From a sweep file to its arms: axes, points, designs and baselines.
#include <caddie/error.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "support/temporary_folder.h"
#include "sweep/combinations.h"
#include "sweep/fraction.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

const std::string kBase = R"(
seed = 7
title = "base"
[model]
dim = 64
[model.activation]
use = "square"
power = 2
[techniques.hash]
enabled = false
buckets = 16
[techniques.gate]
[export.quantizers.all]
use = "round"
weights = ["role:matrix"]
bits = 8
)";

/// Reads a sweep over kBase.
SweepFile sweep_of(const TemporaryFolder& scratch, const std::string& text) {
  scratch.write("base.toml", kBase);
  return read_sweep(scratch.write("sweep.toml", "base = \"base.toml\"\n" + text));
}

std::vector<std::string> labels(const std::vector<Combination>& combinations) {
  std::vector<std::string> all;
  for (const Combination& c : combinations) all.push_back(c.label);
  return all;
}

using Labels = std::vector<std::string>;

}  // namespace

TEST_CASE("a name that leads out of results, or to the store, is refused at its line", "[sweep]") {
  TemporaryFolder scratch;
  for (const char* name : {"..", ".", "", "a/b", "/tmp/x", "../x", "a\\nb", "store"}) {
    INFO(name);
    std::string text = std::string("seeds = [1]\nname = \"") + name + "\"\n";
    CHECK_THROWS_WITH(sweep_of(scratch, text),
                      Catch::Contains("sweep.toml:3:") && Catch::Contains("cannot be the name of a folder"));
  }
  CHECK(sweep_of(scratch, "seeds = [1]\nname = \"..a b.c\"\n").name == "..a b.c");
}

TEST_CASE("a grid multiplies toggles and values, the baseline first", "[sweep]") {
  TemporaryFolder scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = [1, 2]
[[axis]]
toggle = "hash"
[[axis]]
key = "model.dim"
values = [32, 64, 96]
)");
  CHECK(labels(combinations(sweep)) ==
        Labels{"baseline", "+hash", "dim=32", "+hash dim=32", "dim=96", "+hash dim=96"});
  CHECK(combinations(sweep)[3].overrides == Labels{"techniques.hash.enabled=true", "model.dim=32"});
}

TEST_CASE("replacing a plugin takes its settings away, not what the core reads", "[sweep]") {
  TemporaryFolder scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = [1]
[[axis]]
slot = "export.quantizers.all"
use = ["round", { use = "floor", bits = 6 }]
)");
  std::vector<Combination> arms = combinations(sweep);
  REQUIRE(labels(arms) == Labels{"baseline", "all=floor(bits=6)"});
  CHECK(arms[0].overrides.empty());
  Tree tree = Tree::load(sweep.base, arms[1].overrides);
  CHECK(tree.read_text("export.quantizers.all") ==
        R"({ bits = 6, use = "floor", weights = ["role:matrix"] })");
}

TEST_CASE("zipped keys vary together", "[sweep]") {
  TemporaryFolder scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = [1]
[[axis]]
zip = { "model.dim" = [64, 128], "model.heads" = [2, 4] }
)");
  CHECK(labels(combinations(sweep)) == Labels{"baseline", "dim=128 heads=4"});
  CHECK_THROWS_WITH(sweep_of(scratch, "seeds = [1]\n[[axis]]\nzip = { a = [1], b = [1, 2] }"),
                    Catch::Contains("'b' has 2 values, the others 1"));
}

TEST_CASE("labels take as much of the key as they need", "[sweep]") {
  TemporaryFolder scratch;
  auto made = [&](const std::string& axes) {
    return labels(combinations(sweep_of(scratch, "seeds = [1]\n[design]\nkind = \"add_one_in\"\n" + axes)));
  };
  CHECK(made("[[axis]]\nkey = \"optimizers.muon.lr\"\nvalues = [0.5, 0.01]\n"
             "[[axis]]\nkey = \"optimizers.token.lr\"\nvalues = [0.5, 0.01]\n"
             "[[axis]]\nkey = \"model.dim\"\nvalues = [64, 128]\n") ==
        Labels{"baseline", "muon.lr=0.01", "token.lr=0.01", "dim=128"});
  CHECK(made("[[axis]]\nkey = \"a.x.lr\"\nvalues = [1, 2]\n"
             "[[axis]]\nzip = { \"b.x.lr\" = [1, 2], \"b.c\" = [1, 2] }\n"
             "[[axis]]\nkey = \"lr\"\nvalues = [1, 2]\n") ==
        Labels{"baseline", "a.x.lr=2", "c=2 b.x.lr=2", "lr=2"});
}

TEST_CASE("designs over three techniques", "[sweep]") {
  TemporaryFolder scratch;
  auto arms = [&](const std::string& design) {
    return labels(combinations(sweep_of(
        scratch, "seeds = [1]\n[design]\ntechniques = [\"a\", \"b\", \"c\"]\nkind = \"" + design + "\"")));
  };
  CHECK(arms("leave_one_out") == Labels{"baseline", "-a", "-b", "-c"});
  CHECK(arms("add_one_in") == Labels{"baseline", "+a", "+b", "+c"});
  CHECK(arms("stack") == Labels{"baseline", "+a", "+a +b", "+a +b +c"});
  CHECK(arms("zip") == Labels{"baseline", "+a +b +c"});
  CHECK(arms("random").size() == 8);  // 16 samples of only 8 combinations
  CHECK(arms("random\"\nsamples = 3 #").size() == 4);
  CHECK(arms("random\"\nsamples = 3 #") == arms("random\"\nsamples = 3 #"));
}

TEST_CASE("points stand beside the grid, and one may be the baseline", "[sweep]") {
  TemporaryFolder scratch;
  std::string points = R"(
seeds = [1]
[[point]]
label = "small"
set = { "model.dim" = 32 }
[[point]]
label = "large"
set = { "model.dim" = 512, "techniques.hash.enabled" = true }
)";
  CHECK(labels(combinations(sweep_of(scratch, points + "[design]\nkind = \"list\""))) ==
        Labels{"baseline", "small", "large"});
  CHECK(labels(combinations(sweep_of(scratch, points + "[design]\nkind = \"list\"\nbaseline = \"large\""))) ==
        Labels{"large", "small"});
  CHECK_THROWS_WITH(combinations(sweep_of(scratch, points + "[design]\nbaseline = \"larg\"")),
                    Catch::Contains("no arm is called 'larg'") && Catch::Contains("'large'"));
  const std::string grid = "[[axis]]\ntoggle = \"hash\"\n[design]\nbaseline = ";
  CHECK(labels(combinations(sweep_of(scratch, points + grid + "\"large\""))) ==
        Labels{"large", "base", "+hash", "small"});
  CHECK_THROWS_WITH(combinations(sweep_of(scratch, points + grid + "\"+hash\"")),
                    Catch::Contains("named level by level; write [design.baseline]"));
}

TEST_CASE("the claim or the design may choose the baseline's levels", "[sweep]") {
  TemporaryFolder scratch;
  SweepFile sweep = sweep_of(scratch, R"(
seeds = { count = 3, first = 10, baseline_extra = 2 }
[[axis]]
toggle = "hash"
[[axis]]
key = "model.dim"
values = [32, 64]
[claim]
baseline = { hash = true, "model.dim" = 32 }
margin_nats = 0.005
)");
  CHECK(labels(combinations(sweep)) == Labels{"baseline", "-hash", "dim=64", "-hash dim=64"});
  CHECK(sweep.seeds == std::vector<int64_t>{10, 11, 12});
  REQUIRE(sweep.claim);
  CHECK(sweep.claim->margin_nats == 0.005);
  CHECK(sweep.claim->alpha == 0.01);
}

TEST_CASE("the label of a technique may hold dots", "[sweep]") {
  TemporaryFolder scratch;
  scratch.write("dotted.toml", kBase + "[techniques.\"a.b\"]\nenabled = false\n");
  for (const char* name : {"a.b", "\\\"a.b\\\"", "techniques.\\\"a.b\\\""}) {
    INFO(name);
    SweepFile sweep = read_sweep(scratch.write(
        "sweep.toml",
        std::string("base = \"dotted.toml\"\nseeds = [1]\n[[axis]]\ntoggle = \"") + name + "\"\n"));
    std::vector<Combination> arms = combinations(sweep);
    CHECK(labels(arms) == Labels{"baseline", "+a.b"});
    CHECK(arms.back().overrides == Labels{"techniques.\"a.b\".enabled=true"});
  }
  SweepFile sweep =
      read_sweep(scratch.write("sweep.toml",
                               "base = \"dotted.toml\"\nseeds = [1]\n[[axis]]\ntoggle = \"a.b\"\n"
                               "[design.baseline]\n\"a.b\" = true\n"));
  CHECK(labels(combinations(sweep)) == Labels{"baseline", "-a.b"});
}

TEST_CASE("a sweep from a pipe names its base from the working folder", "[sweep]") {
  TemporaryFolder scratch;
  fs::path base = fs::proximate(scratch.write("base.toml", kBase)), pipe = scratch / "sweep.toml";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::thread writer([&] { write_file(pipe, "base = \"" + base.string() + "\"\nseeds = [1]\n"); });
  SweepFile sweep = read_sweep(pipe);
  writer.join();
  CHECK(fs::equivalent(sweep.base, base));
  CHECK_THAT(sweep.text, Catch::Contains("seeds = [1]"));
}

TEST_CASE("mistakes in a sweep file are shown where they stand", "[sweep]") {
  TemporaryFolder scratch;
  auto wrong = [&](const std::string& text) { sweep_of(scratch, text); };
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[[axis]]\ntogle = \"hash\""), Catch::Contains("sweep.toml:3"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[desing]\nkind = \"grid\""), Catch::Contains("'design'"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[design]\nkind = \"gird\""), Catch::Contains("sweep.toml:4"));
  CHECK_THROWS_WITH(wrong("seeds = []"), Catch::Contains("there are no seeds"));
  CHECK_THROWS_WITH(wrong("seeds = [1, 1]"), Catch::Contains("listed twice"));
  const std::string largest = "seeds = { values = [9223372036854775807], baseline_extra = ";
  CHECK_THROWS_WITH(wrong(largest + "1 }"), Catch::Contains("sweep.toml:2:60") &&
                                                Catch::Contains("1 more seeds behind 9223372036854775807"));
  std::string parts = "a";
  for (int i = 0; i < 64; ++i) parts += ".a";
  for (const std::string& text :
       {"[[axis]]\ntoggle = \"" + parts + "\"", "[[axis]]\nslot = \"" + parts + "\"",
        "[[point]]\nset = { \"" + parts + "\" = 1 }"})
    CHECK_THROWS_WITH(wrong("seeds = [1]\n" + text),
                      Catch::StartsWith("a path of more than 64 parts") && Catch::Contains("sweep.toml:4"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[[axis]]\nkey = \"a\"\nvalues = [1, 1]"),
                    Catch::Contains("listed twice"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[[axis]]\ntoggle = \"a\"\n[[axis]]\ntoggle = \"a\""),
                    Catch::Contains("'a' varies on two axes"));
  CHECK_THROWS_WITH(wrong("seeds = [1]\n[when]\nexclude = [\"a ==\"]"), Catch::Contains("[when] exclude"));
  CHECK_THROWS_WITH(
      wrong("seeds = [1]\n[design]\nkind = \"grid\"\nbaseline = { hsh = true }\n[[axis]]\ntoggle = \"hash\""),
      Catch::Contains("did you mean 'hash'"));
  scratch.write("alone.toml", "base = \"nowhere.toml\"\nseeds = [1]");
  CHECK_THROWS_WITH(read_sweep(scratch / "alone.toml"),
                    Catch::Contains("nowhere.toml: there is no such file"));
}

TEST_CASE("a fractional design keeps the promised resolution", "[sweep]") {
  // The standard resolutions of two-level designs: Montgomery, Design and Analysis of Experiments,
  // table 8.14.
  CHECK(fraction(3, 4, 3).resolution == 3);
  CHECK(fraction(5, 16, 3).resolution == 5);
  CHECK(fraction(6, 16, 3).resolution == 4);
  CHECK(fraction(7, 8, 3).resolution == 3);
  CHECK(fraction(8, 16, 3).resolution == 4);
  CHECK(fraction(8, 64, 3).resolution == 5);
  CHECK(fraction(4, 16, 4).words.empty());
  CHECK(fraction(6, 0, 4).rows.size() == 16);
  CHECK_THROWS_WITH(fraction(6, 8, 4), Catch::Contains("8 arms cannot hold 6 factors at resolution 4"));
  CHECK_THROWS_WITH(fraction(6, 12, 4), Catch::Contains("no power of two"));

  Fraction design = fraction(6, 16, 4);
  CHECK(design.rows[0] == std::vector<size_t>(6, 0));
  for (size_t a = 0; a < 6; ++a)
    for (size_t b = 0; b < a; ++b) {
      int balance[2][2] = {};
      for (const auto& row : design.rows) ++balance[row[a]][row[b]];
      CHECK((balance[0][0] == 4 && balance[0][1] == 4 && balance[1][0] == 4 && balance[1][1] == 4));
    }
}

TEST_CASE("aliases of the half fraction of three factors", "[sweep]") {
  // I = ABC: every main effect is a pair of the others.
  CHECK(aliases(fraction(3, 4, 3), {"a", "b", "c"}) == Labels{"a = b*c", "b = a*c", "c = a*b"});
  CHECK(aliases(fraction(4, 8, 4), {"a", "b", "c", "d"}) == Labels{"a*b = c*d", "a*c = b*d", "a*d = b*c"});
}
