// SPDX-License-Identifier: Apache-2.0
// The commit that results name is that of the sources that were built, wherever the program runs.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "results/provenance.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

void shell(const fs::path& folder, const std::string& command) {
  INFO(command);
  REQUIRE(std::system(
              fmt::format("cd '{}' && {{ {}; }} >/dev/null 2>&1", folder.string(), command).c_str()) == 0);
}

/// A repository of one commit with a file that is compiled and one that is not.
void make_repository(const TemporaryFolder& folder) {
  folder.write("core/a.cpp", "int a;\n");
  folder.write("README.md", "Caddie\n");
  shell(folder.path(), "git init && git add . && git -c user.name=a -c user.email=a@b commit -m one");
}

/// What the build notes of the sources in `source`.
BuiltFrom note_of(const fs::path& source, const fs::path& note) {
  shell(source, fmt::format("cmake -DSOURCE_DIR='{}' -DFILE='{}' -P {}/core/results/source_commit.cmake",
                            source.string(), note.string(), source_folder().string()));
  return built_from(note);
}

bool lacks(const char* program) {
  if (std::system(fmt::format("{} --version >/dev/null 2>&1", program).c_str()) == 0) return false;
  WARN("skipped: there is no " << program);
  return true;
}

}  // namespace

TEST_CASE("the build notes its commit, and changes to what is compiled", "[results]") {
  if (lacks("git") || lacks("cmake")) return;
  TemporaryFolder folder, notes;
  make_repository(folder);
  BuiltFrom clean = note_of(folder.path(), notes / "note.json");
  CHECK(clean.commit.size() == 40);
  CHECK(!clean.dirty);
  auto written = fs::last_write_time(notes / "note.json");
  folder.write("README.md", "another\n");
  CHECK(note_of(folder.path(), notes / "note.json") == clean);
  CHECK(fs::last_write_time(notes / "note.json") == written);
  folder.write("core/new.cpp", "int b;\n");
  CHECK(note_of(folder.path(), notes / "note.json").dirty);
  shell(folder.path(), "git add . && git -c user.name=a -c user.email=a@b commit -m two");
  BuiltFrom next = note_of(folder.path(), notes / "note.json");
  CHECK(next.commit != clean.commit);
  CHECK(!next.dirty);
}

TEST_CASE("sources outside a repository, or within a stranger's, have no commit", "[results]") {
  if (lacks("git") || lacks("cmake")) return;
  TemporaryFolder folder, notes;
  const BuiltFrom unknown;
  CHECK(note_of(folder.path(), notes / "note.json") == unknown);
  make_repository(folder);
  CHECK(note_of(folder / "core", notes / "note.json") == unknown);
}

TEST_CASE("what the build noted is told in any folder", "[results]") {
  TemporaryFolder folder;
  CHECK(built_from(folder / "none.json") == BuiltFrom{});
  for (const char* damaged : {"{\"commit\": ", "[]", R"({"commit": 3, "dirty": true})"})
    CHECK_THROWS_WITH(built_from(folder.write("damaged.json", damaged)),
                      Catch::Contains("damaged.json: is not what the build writes; build Caddie again"));
  fs::create_directory(folder / "folder.json");
  CHECK_THROWS_WITH(built_from(folder / "folder.json"), Catch::Contains("folder.json"));
  CHECK(built_from(folder.write("note.json", R"({"commit": "c0ffee", "dirty": true})")) ==
        BuiltFrom{"c0ffee", true});
  REQUIRE(fs::exists(engine_file().parent_path() / "caddie.source.json"));
  fs::path before = fs::current_path();
  BuiltFrom here = built_from();
  fs::current_path(folder.path());
  CHECK(built_from() == here);
  fs::current_path(before);
}
