// SPDX-License-Identifier: Apache-2.0
// The index of runs: rebuilt from the folders at any time, and never believed against them.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/files.h"
#include "results/index.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

struct Runs {
  TemporaryFolder folder;
  const fs::path& path = folder.path();
  int reads = 0;
  void add(const std::string& name, const std::string& content) const {
    write_file(path / name / "run.json", content);
  }
  RunIndex index() {
    return RunIndex(path, [this](const fs::path& run) {
      ++reads;
      return RunValues{{"content", read_file(run / "run.json")}, {"bpb", 1.25}, {"on", true}};
    });
  }
};

std::string text(const RunIndex& index, const fs::path& run) {
  return std::get<std::string>(index.value(run, "content").value());
}

}  // namespace

TEST_CASE("the index reads what is new or changed, and drops what is gone", "[index]") {
  Runs runs;
  runs.add("sweep/runs/a", "one");
  runs.add("sweep/runs/b", "it's");
  {
    RunIndex index = runs.index();
    REQUIRE(index.runs().size() == 2);
    CHECK(index.read() == 2);
    CHECK(text(index, runs.path / "sweep/runs/b") == "it's");
    CHECK(index.value(runs.path / "sweep/runs/a", "bpb") == RunValue(1.25));
    CHECK(index.value(runs.path / "sweep/runs/a", "on") == RunValue(true));
    CHECK_FALSE(index.value(runs.path / "sweep/runs/a", "off"));
    CHECK(index.values(runs.path / "sweep/runs/a").size() == 3);
  }
  CHECK(runs.index().read() == 0);
  runs.add("sweep/runs/a", "other");
  fs::remove_all(runs.path / "sweep/runs/b");
  runs.add("c", "new");
  RunIndex index = runs.index();
  CHECK(index.read() == 2);
  CHECK(index.runs().size() == 2);
  CHECK(text(index, runs.path / "sweep/runs/a") == "other");
  CHECK_FALSE(index.value(runs.path / "sweep/runs/b", "content"));
}

TEST_CASE("a run that could not be read says why, and is read again the next time", "[index]") {
  Runs runs;
  runs.add("a", "one");
  RunIndex failing(runs.path, [](const fs::path&) -> RunValues { throw Error("a: no descriptor is left"); });
  CHECK(failing.value(runs.path / "a", "fail_reason") == RunValue("a: no descriptor is left"));
  RunIndex index = runs.index();
  CHECK(index.read() == 1);
  CHECK(text(index, runs.path / "a") == "one");
  CHECK_FALSE(index.value(runs.path / "a", "fail_reason"));
  CHECK(runs.index().read() == 0);
}

TEST_CASE("an index that is damaged or gone is made anew", "[index]") {
  Runs runs;
  runs.add("a", "one");
  runs.index();
  REQUIRE(fs::exists(runs.path / kIndexFile));
  SECTION("gone") { fs::remove(runs.path / kIndexFile); }
  SECTION("no database") { write_file(runs.path / kIndexFile, std::string(5000, 'x')); }
  RunIndex index = runs.index();
  CHECK(index.read() == 1);
  CHECK(text(index, runs.path / "a") == "one");
  CHECK(runs.index().read() == 0);
}

TEST_CASE("an index that another process writes is done without", "[index]") {
  Runs runs;
  runs.add("a", "one");
  runs.index();
  RunIndex outer(runs.path, [&](const fs::path&) {
    runs.add("a", "two");
    CHECK(text(runs.index(), runs.path / "a") == "two");
    return RunValues{{"content", std::string("outer")}};
  });
  CHECK(outer.read() == 0);
  runs.add("b", "one");
  RunIndex writing(runs.path, [&](const fs::path& run) {
    RunIndex other = runs.index();  // while `writing` is within its transaction
    CHECK(text(other, runs.path / "b") == "one");
    return RunValues{{"content", run.filename().string()}};
  });
  CHECK(text(writing, runs.path / "b") == "b");
}

TEST_CASE("the index finds runs behind links to folders, each once", "[index]") {
  Runs runs, elsewhere;
  runs.add("a", "here");
  elsewhere.add("sweep/runs/b", "there");
  fs::create_directory_symlink(elsewhere.path / "sweep", runs.path / "linked");
  fs::create_directory_symlink(elsewhere.path / "sweep", runs.path / "linked_again");
  fs::create_directory_symlink(runs.path, runs.path / "circle");
  CHECK(runs.index().runs().size() == 2);
}

TEST_CASE("a database of others in a folder of runs stays as it is", "[index]") {
  Runs runs;
  runs.add("a", "one");
  write_file(runs.path / "index.db", std::string(5000, 'x'));
  CHECK(runs.index().read() == 1);
  CHECK(runs.index().read() == 0);
  CHECK(read_file(runs.path / "index.db") == std::string(5000, 'x'));
}
