// SPDX-License-Identifier: Apache-2.0
// Settings that had another name: an error that says the new one where people write, read where a record says
// it.
#include "config/renamed_keys.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>

#include "config/differences.h"
#include "config/tree.h"
#include "support/temporary_folder.h"
#include "sweep/sweep_file.h"

using namespace caddie;
using Catch::Contains;

namespace {

/// What is wrong with an experiment that nobody has read.
std::string fault_of(const std::string& text, std::vector<std::string> overrides = {}) {
  TemporaryFolder scratch;
  Tree tree = Tree::load(scratch.write("e.toml", text), overrides);
  for (const char* table : {"train", "export", "export.calibration"}) tree.know(table, {});
  try {
    tree.check_all_read();
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    return error.what();
  }
  return "";
}

std::string fault_of_sweep(const std::string& text) {
  TemporaryFolder scratch;
  scratch.write("base.toml", "[train]\naccumulation = 1\n");
  try {
    read_sweep(scratch.write("sweep.toml", "base = \"base.toml\"\n" + text));
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an old name in an experiment is an error at its place that says the new one",
          "[config][renamed]") {
  std::string fault = fault_of("[train]\nlanes = 2\n");
  CHECK_THAT(fault, Contains("'train.lanes' is now called 'train.gradient_accumulators'"));
  CHECK_THAT(fault, Contains("e.toml:2:1"));
  fault = fault_of("[export]\ncalibration = { lanes = 2 }\n");
  CHECK_THAT(fault, Contains("'export.calibration.lanes' is now called 'export.calibration.accumulators'"));
  fault = fault_of("", {"train.prime_steps=3"});
  CHECK_THAT(fault, Contains("'train.prime_steps' is now called 'train.discarded_warmup_steps'"));
  CHECK_THAT(fault, Contains("-S train.prime_steps=3"));
}

TEST_CASE("an old name in a sweep is an error at its place that says the new one", "[config][renamed]") {
  for (const char* text : {"[[axis]]\nkey = \"train.lanes\"\nvalues = [1, 2]\n",
                           "[[axis]]\nzip = { \"train.lanes\" = [1, 2] }\n",
                           "[[point]]\nlabel = \"a\"\nset = { \"train.lanes\" = 2 }\n"}) {
    std::string fault = fault_of_sweep(text);
    CHECK_THAT(fault, Contains("'train.lanes' is now called 'train.gradient_accumulators'"));
    CHECK_THAT(fault, Contains("sweep.toml:"));
  }
  CHECK_THAT(fault_of_sweep("[[axis]]\nkey = \"train.lanes\"\nvalues = [1, 2]\n"),
             Contains("sweep.toml:3:7"));
}

TEST_CASE("words for people and longer names hold no old name", "[renamed]") {
  CHECK(renamed_in("train.lanes > 2 and seed == 1") != "");
  CHECK(renamed_in("~train.lanes") != "");
  CHECK(renamed_in("train.lanes_of_traffic=1") == "");
  CHECK(renamed_in("my.train.lanes=1") == "");
  CHECK_THAT(fault_of_sweep("question = \"is train.lanes free?\"\n[[axis]]\nkey = \"train.accumulation\"\n"
                            "values = [1, 2]\n"),
             !Contains("is now called"));
}

TEST_CASE("a record is read under the new names", "[renamed]") {
  std::string record =
      "[export.calibration]\nlanes = 3  # default\n\n[train]\nlanes = 4  # from experiments/a.toml:3\n"
      "prime_keeps = []  # default\nprime_steps = 0  # default\n";
  Tree tree = Tree::parse(record, "resolved.toml");
  CHECK(tree.read_text("train.gradient_accumulators") == "4");
  CHECK(tree.read_text("export.calibration.accumulators") == "3");
  CHECK(tree.has("train.discarded_warmup_steps"));
  CHECK(tree.has("train.discarded_warmup_keeps"));
  CHECK_FALSE(tree.has("train.lanes"));
  TemporaryFolder scratch;
  CHECK(Tree::load(scratch.write("resolved.toml", record)).has("train.gradient_accumulators"));
  CHECK(differences(Tree::parse(record, "record"), Tree::parse(with_new_names(record), "new")).empty());
  CHECK(with_new_names("[data]\nlanes = 4  # default\n") == "[data]\nlanes = 4  # default\n");
  CHECK(with_new_names("[train]\nlanes = 4\n") == "[train]\nlanes = 4\n");
}
