// SPDX-License-Identifier: Apache-2.0
// What caddie gc takes out of a store, and what it leaves there.
#include "sweep/unneeded.h"
#include "base/json.h"

#include <catch2/catch.hpp>

#include "base/files.h"
#include "base/owned_folder.h"
#include "results/store.h"
#include "support/temporary_folder.h"

using namespace caddie;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// A folder of results with stages in its store that no run needs.
struct Results {
  TemporaryFolder folder;
  Store store = Store(folder / "store");

  explicit Results(const std::vector<std::string>& keys) {
    for (const std::string& key : keys)
      store.put(key, [](const fs::path& place) -> Json {
        write_file(place / "file", "12345");
        return {{"made", true}};
      });
  }
  StoreCleaning clean() const {
    StoreCleaning cleaning = find_unneeded(folder.path());
    delete_unneeded(cleaning);
    return cleaning;
  }
};

}  // namespace

TEST_CASE("stages that no run came from are deleted, those of a run stay", "[sweep]") {
  Results results({"train-a", "train-b", "compress-a"});
  results.folder.write("run/run.json", R"({"key": "abc", "stages": {"train": "train-a"}})");
  results.folder.write("run/summary.json", R"({"stages": {"evaluate": ["compress-a"]}})");
  StoreCleaning cleaning = find_unneeded(results.folder.path());
  REQUIRE(cleaning.unneeded.size() == 1);
  CHECK(cleaning.unneeded[0].folder == results.store.folder("train-b"));
  CHECK(cleaning.bytes() > 5);
  CHECK(cleaning.left.empty());
  CHECK(fs::exists(results.store.folder("train-b")));
  delete_unneeded(cleaning);
  CHECK_FALSE(fs::exists(results.store.folder("train-b")));
  CHECK(results.store.find("train-a"));
  CHECK(results.store.find("compress-a"));
}

TEST_CASE("what Caddie did not make, or is no stage, stays in the store and is named", "[sweep]") {
  Results results({"train-a"});
  results.folder.write("store/precious/file", "text");
  results.folder.write("store/train-copied/weights", "text");
  results.folder.write("store/notes.txt", "text");
  make_owned_folder(results.folder / "store/my_run");
  StoreCleaning cleaning = results.clean();
  CHECK(cleaning.unneeded.size() == 1);
  REQUIRE(cleaning.left.size() == 4);
  CHECK_THAT(cleaning.left[0], Contains("store/my_run: left, as it is no stage"));
  CHECK_THAT(cleaning.left[1], Contains("store/notes.txt: left"));
  CHECK_THAT(cleaning.left[2], Contains("store/precious: left"));
  CHECK_THAT(cleaning.left[3], Contains("store/train-copied: left, as it has no file .caddie"));
  for (const char* name : {"precious/file", "train-copied/weights", "notes.txt"})
    CHECK(read_file(results.folder / "store" / name) == "text");
}

TEST_CASE("nothing is deleted while a run that uses the store is at work, here or elsewhere", "[sweep]") {
  Results results({"train-a"});
  TemporaryFolder elsewhere;
  {
    std::optional<FolderClaim> run = FolderClaim::take(elsewhere.path());
    StoreUse use(results.folder / "store", elsewhere.path(), {});
    CHECK_THROWS_WITH(results.clean(), Contains(elsewhere.path().string() + ": process ") &&
                                           Contains("clean up when it has ended"));
    CHECK(results.store.find("train-a"));
  }
  fs::path here = results.folder / "sweep/runs/a";
  fs::create_directories(here);
  {
    std::optional<FolderClaim> run = FolderClaim::take(here);
    CHECK_THROWS_WITH(results.clean(), Contains(here.string() + ": process "));
  }
  CHECK(results.clean().unneeded.size() == 1);
}

TEST_CASE("a run that was killed keeps no store from being cleaned", "[sweep]") {
  Results results({"train-a"});
  make_owned_folder(results.folder / "store/users");
  write_file(results.folder / "store/users/0123456789abcdef", (results.folder / "gone").string());
  StoreCleaning cleaning = results.clean();
  CHECK(cleaning.unneeded.size() == 1);
  CHECK(cleaning.left.empty());
  CHECK_FALSE(fs::exists(results.folder / "store/users/0123456789abcdef"));
}

TEST_CASE("a folder of others in the place of the users of a store stays as it is", "[sweep]") {
  Results results({"train-a"});
  fs::path theirs = results.folder.write("store/users/alice", "/home/alice");
  CHECK_THROWS_WITH(StoreUse(results.folder / "store", results.folder / "run", {}),
                    Contains("store/users: Caddie did not make it"));
  CHECK(results.clean().unneeded.size() == 1);
  CHECK(read_file(theirs) == "/home/alice");
}

TEST_CASE("a run waits while the store is cleaned", "[sweep]") {
  Results results({"train-a"});
  std::optional<StoreCleaning> cleaning = find_unneeded(results.folder.path());
  int waited = 0;
  StoreUse use(results.folder / "store", results.folder / "run", [&] {
    if (++waited == 2) cleaning.reset();
  });
  CHECK(waited == 2);
}

TEST_CASE("a stage that a process is at work on is left", "[sweep]") {
  Results results({"train-a", "train-b"});
  std::optional<FolderClaim> claim = FolderClaim::take(results.store.folder("train-a"));
  StoreCleaning cleaning = results.clean();
  REQUIRE(cleaning.unneeded.size() == 1);
  REQUIRE(cleaning.left.size() == 1);
  CHECK_THAT(cleaning.left[0], Contains("train-a: left, as process "));
  CHECK(results.store.find("train-a"));
}

TEST_CASE("a store that is all another's is left", "[sweep]") {
  TemporaryFolder folder;
  folder.write("store/precious/file", "text");
  CHECK(find_unneeded(folder.path()).unneeded.empty());
  CHECK(find_unneeded(folder / "store").unneeded.empty());
}
