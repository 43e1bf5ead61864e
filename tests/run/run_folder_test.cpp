// SPDX-License-Identifier: Apache-2.0
// Into which folders a run goes, and what it leaves alone there.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "base/owned_folder.h"
#include "results/store_use.h"
#include "run/export_again.h"
#include "run/untrained_run.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

TEST_CASE("a run marks its folder, and starts over only what it made", "[run]") {
  Runs runs;
  CHECK(runs.go().status == "done");
  CHECK(is_owned(runs.folder));
  CHECK_FALSE(fs::exists(runs.folder / "stages"));
  write_file(runs.folder / "stages/precious", "text");
  CHECK_THROWS_WITH(runs.go(true), Contains("stages: Caddie removes only folders that it made"));
  CHECK(read_file(runs.folder / "stages/precious") == "text");
  CHECK(fs::exists(runs.folder / "summary.json"));
  CHECK(runs.go().status == "done");
}

TEST_CASE("results that nobody can assign to an experiment are kept until --fresh", "[run]") {
  Runs runs;
  CHECK(runs.go().status == "done");
  fs::remove(runs.folder / "run.json");
  CHECK_THROWS_WITH(runs.go(), Contains("run.json: missing") && Contains("--fresh"));
  CHECK(fs::exists(runs.folder / "summary.json"));
  CHECK(runs.go(true).status == "done");
  CHECK(runs.go().status == "done");
}

TEST_CASE("a run overwrites no files of others", "[run]") {
  Runs runs;
  for (const char* name : {"metrics.csv", "run.json", "stages/precious"}) {
    INFO(name);
    write_file(runs.folder / name, "text");
    for (bool fresh : {false, true}) CHECK_THROWS_WITH(runs.go(fresh), Contains("Caddie did not make it"));
    CHECK(read_file(runs.folder / name) == "text");
    fs::remove_all(runs.folder);
  }
}

TEST_CASE("a run goes into a folder that holds other files, and takes its results up again", "[run]") {
  Runs runs;
  write_file(runs.folder / "notes.txt", "text");
  double bpb = *runs.go().bpb;
  CHECK_FALSE(is_owned(runs.folder));
  CHECK(*runs.go().bpb == bpb);
  CHECK(*runs.go(true).bpb == bpb);
  CHECK(read_file(runs.folder / "notes.txt") == "text");
}

TEST_CASE("a run is refused a folder that another process has, and leaves it as it is", "[run]") {
  Runs runs;
  fs::create_directory(runs.folder);
  {
    std::optional<FolderClaim> claim = FolderClaim::take(runs.folder);
    for (bool fresh : {false, true})
      CHECK_THROWS_WITH(runs.go(fresh),
                        Contains("output: process ") && Contains("; wait for it or name another --output"));
    CHECK_FALSE(fs::exists(runs.folder / "summary.json"));
  }
  CHECK(runs.go().status == "done");
  CHECK_FALSE(fs::exists(runs.folder / "lock"));
}

TEST_CASE("a run uses a store as long as it is at work", "[run]") {
  Runs runs;
  fs::path store = runs.data.folder / "store";
  runs.go(false, store);
  CHECK(fs::exists(store / "users"));
  CHECK_NOTHROW(claim_store(store));
  CHECK_FALSE(is_claimed(store));
}

TEST_CASE("what a killed run left half written is gone when it goes on", "[run]") {
  Runs runs;
  make_owned_folder(runs.folder);
  fs::path half = temporary_beside(runs.folder / "artifact.bin");
  fs::path stage = temporary_beside(runs.data.folder / "store/train-a/stage.json");
  write_file(half, "half");
  make_owned_folder(stage.parent_path());
  write_file(stage, "half");
  runs.go();
  Store(stage.parent_path().parent_path()).put("train-a", [](const fs::path&) -> Json {
    return {{"made", true}};
  });
  CHECK_FALSE(fs::exists(half));
  CHECK_FALSE(fs::exists(stage));
}

TEST_CASE("what a run left is not overwritten by exports, nor while it is at work", "[run]") {
  Runs runs;
  runs.go();
  StatusLine status(true);
  auto export_to = [&](const std::string& name) {
    export_again(runs.folder, {}, runs.folder / name, Device::kCpu, status);
  };
  std::string artifact = read_file(runs.folder / "artifact.bin");
  for (const char* name : {"artifact.bin", "resolved.bin", "weights.safetensors"})
    CHECK_THROWS_WITH(export_to(name), Contains("is what the run there left; name another file"));
  export_to("again.bin");
  CHECK(read_file(runs.folder / "again.bin") == artifact);
  CHECK(read_file(runs.folder / "artifact.bin") == artifact);
  std::optional<FolderClaim> claim = FolderClaim::take(runs.folder);
  CHECK_THROWS_WITH(export_to("again.bin"), Contains("; wait for it or name another file"));
}

TEST_CASE("of two runs into one folder the second is told of the first, which comes to its end", "[run]") {
  fs::path folder = laboratory().folder("twice"), log = laboratory().folder("twice.log");
  std::string run = fmt::format("{} run {} --output {} --threads 1", kProgram,
                                laboratory().experiment().string(), folder.string());
  std::string first = fmt::format("({0} & {0} & wait) > {1} 2>&1", run, log.string());
  REQUIRE(std::system(first.c_str()) == 0);
  // On a busy machine the second may come when all is done.
  CHECK_THAT(read_file(log),
             Catch::Contains("has been at work on it since") || Catch::Contains("finished before"));
  REQUIRE(laboratory().run("alone").code == 0);
  CHECK(bits_of(folder) == bits_of(laboratory().folder("alone")));
  CHECK_FALSE(fs::exists(folder / "lock"));
}
