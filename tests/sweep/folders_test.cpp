// SPDX-License-Identifier: Apache-2.0
// How the folder of a sweep is found by what the user names.
#include "sweep/folders.h"

#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "base/files.h"
#include "support/data_support.h"

using namespace caddie;
namespace fs = std::filesystem;

TEST_CASE("a sweep is named by its folder or by its frozen plan", "[sweep]") {
  TemporaryFolder folder;
  write_file(folder.path() / "plan.json", "{}");
  CHECK(sweep_folder(folder.path().string()) == folder.path());
  CHECK(sweep_folder((folder.path() / "plan.json").string()) == folder.path());
}

TEST_CASE("what is no sweep is a mistake of the user's", "[sweep]") {
  TemporaryFolder folder;
  std::string none = (folder.path() / "none").string();
  try {
    sweep_folder(none);
    FAIL("a folder without a plan was taken for a sweep");
  } catch (const Error& error) {
    CHECK(error.code() == kUsage);
    CHECK(std::string(error.what()) == none + ": no sweep was begun there: neither " + none +
                                           "/plan.json nor " + none + "/plan.json exists");
  }
}

TEST_CASE("a file that is no sweep file is told from a folder where nothing was begun", "[sweep]") {
  TemporaryFolder folder;
  std::string text = folder.write("plain.txt", "some text").string();
  CHECK_THROWS_WITH(sweep_folder(text),
                    text +
                        ": is a file, and the name of a sweep file ends in .toml; name one, or the folder "
                        "of a sweep");
}

TEST_CASE("one file has many paths", "[sweep]") {
  CHECK(same_file("experiments/a.toml", "./experiments/../experiments/a.toml"));
  CHECK(same_file("experiments/a.toml", fs::current_path() / "experiments/a.toml"));
  CHECK_FALSE(same_file("experiments/a.toml", "experiments/b.toml"));
  CHECK(is_sweep_file("sweeps/quickstart.toml"));
  CHECK_FALSE(is_sweep_file("results/quickstart"));
}
