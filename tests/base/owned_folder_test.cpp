// SPDX-License-Identifier: Apache-2.0
// What Caddie may clear and remove, and what it leaves alone.
#include "base/owned_folder.h"

#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "base/exit_code.h"
#include "base/files.h"
#include "support/temporary_folder.h"

using namespace caddie;
using Catch::Contains;
namespace fs = std::filesystem;

TEST_CASE("a new folder and an empty one are marked, and removed whole", "[owned]") {
  TemporaryFolder scratch;
  fs::create_directory(scratch / "empty");
  for (const char* name : {"empty", "new/deep"}) {
    fs::path folder = scratch / name;
    CHECK(make_owned_folder(folder));
    CHECK(is_owned(folder));
    write_file(folder / "sub/file", "text");
    CHECK(make_owned_folder(folder));  // It is taken up again.
    remove_owned(folder);
    CHECK_FALSE(fs::exists(folder));
  }
  CHECK(fs::exists(scratch / "new"));
  CHECK_NOTHROW(remove_owned(scratch / "never there"));
}

TEST_CASE("an empty folder without a mark, left when making one failed, is neither refused nor removed",
          "[owned]") {
  TemporaryFolder scratch;
  fs::path folder = scratch / "begun";
  fs::create_directory(folder);
  CHECK_NOTHROW(check_owned(folder));
  CHECK_NOTHROW(clear_owned(folder));
  remove_owned(folder);
  CHECK(fs::exists(folder));
  CHECK(make_owned_folder(folder));
}

TEST_CASE("who comes second while a folder is made finds it Caddie's", "[owned]") {
  TemporaryFolder scratch;
  std::atomic<int> refused = 0;
  for (int round = 0; round < 300; ++round) {
    fs::path folder = scratch / std::to_string(round);
    std::barrier start(4);
    std::vector<std::jthread> makers;
    for (int maker = 0; maker < 4; ++maker)
      makers.emplace_back([&, maker] {
        start.arrive_and_wait();
        if (!make_owned_folder(folder)) ++refused;
        write_file(folder / ("file" + std::to_string(maker)), "text");
      });
  }
  CHECK(refused == 0);
}

TEST_CASE("a folder that held something is never marked, cleared or removed", "[owned]") {
  TemporaryFolder scratch;
  fs::path file = scratch.write("theirs/precious", "text"), folder = scratch / "theirs";
  CHECK_FALSE(make_owned_folder(folder));
  CHECK_FALSE(is_owned(folder));
  for (const auto& attempt : {&remove_owned, +[](const fs::path& path) { clear_owned(path); }}) {
    try {
      attempt(folder);
      FAIL("it was removed");
    } catch (const Error& error) {
      CHECK(error.code() == kUsage);
      CHECK_THAT(error.what(), Contains(folder.string() + ": Caddie removes only folders that it made"));
    }
    CHECK(read_file(file) == "text");
  }
}

TEST_CASE("only Caddie's own mark counts, whole or as far as a killed process came", "[owned]") {
  TemporaryFolder scratch;
  fs::path mark = scratch.write("a/.caddie", "my settings"), folder = scratch / "a";
  CHECK_FALSE(make_owned_folder(folder));
  CHECK(read_file(mark) == "my settings");
  make_owned_folder(scratch / "b");
  std::string text = read_file(scratch / "b/.caddie");
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  for (const std::string& part : {text.substr(0, 10), std::string()}) {
    write_file(mark, part);
    CHECK_FALSE(is_owned(folder));
    CHECK(make_owned_folder(folder));
    CHECK(read_file(mark) == text);
  }
  disown(folder);
  CHECK(fs::is_empty(folder));
}

TEST_CASE("a folder is cleared but for its mark and one file", "[owned]") {
  TemporaryFolder scratch;
  fs::path folder = scratch / "a", elsewhere = scratch.write("elsewhere/precious", "text");
  make_owned_folder(folder);
  for (const char* name : {"kept", "gone", "sub/gone"}) write_file(folder / name, name);
  fs::create_directory_symlink(elsewhere.parent_path(), folder / "link");
  clear_owned(folder, "kept");
  CHECK(is_owned(folder));
  CHECK(fs::exists(folder / "kept"));
  for (const char* name : {"gone", "sub", "link"}) CHECK_FALSE(fs::exists(folder / name));
  CHECK(read_file(elsewhere) == "text");
}

TEST_CASE("what killed processes left half written is removed where there is a mark, and nothing else",
          "[owned]") {
  TemporaryFolder scratch;
  pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ::waitpid(dead, nullptr, 0);
  std::string left = "a.json.tmp" + std::to_string(dead), own = temporary_beside("b").string();
  std::string living = "c.tmp" + std::to_string(::getppid());
  make_owned_folder(scratch / "ours");
  fs::create_directory(scratch / "theirs");
  for (const char* folder : {"ours/", "theirs/"})
    for (const std::string& name : {left, own, living, std::string("d.tmp"), std::string("e.tmp1x")})
      scratch.write(folder + name, "");
  for (const char* folder : {"ours", "theirs"}) remove_leftovers(scratch / folder);
  for (const std::string& name : {left, own}) {
    CHECK_FALSE(fs::exists(scratch / "ours" / name));
    CHECK(fs::exists(scratch / "theirs" / name));
  }
  for (const std::string& name : {living, std::string("d.tmp"), std::string("e.tmp1x")})
    CHECK(fs::exists(scratch / "ours" / name));
}

TEST_CASE("files of others are not overwritten where there is no mark", "[owned]") {
  TemporaryFolder scratch;
  const char* written[] = {"a.csv", "b.csv"};
  scratch.write("theirs/notes", "");
  CHECK_NOTHROW(check_nothing_foreign(scratch / "theirs", written));
  scratch.write("theirs/b.csv", "");
  CHECK_THROWS_WITH(check_nothing_foreign(scratch / "theirs", written),
                    Contains("theirs/b.csv: Caddie did not make it, and would overwrite it"));
  make_owned_folder(scratch / "ours");
  scratch.write("ours/b.csv", "");
  CHECK_NOTHROW(check_nothing_foreign(scratch / "ours", written));
}
