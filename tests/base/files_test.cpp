// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <thread>

#include "base/mapped_file.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

TEST_CASE("a file is written through a link, which stays one", "[files]") {
  TemporaryFolder folder;
  fs::path file = folder / "file.txt", link = folder / "link.txt";
  write_file(file, "old");
  fs::create_symlink("file.txt", link);
  write_file(link, "new");
  CHECK(fs::is_symlink(link));
  CHECK(read_file(file) == "new");
  fs::path dangling = folder / "dangling.txt";
  fs::create_symlink("later.txt", dangling);
  write_file(dangling, "later");
  CHECK(read_file(folder / "later.txt") == "later");
}

TEST_CASE("a device and a pipe are written to and stay what they are", "[files]") {
  write_file("/dev/null", "text");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK_THROWS_WITH(write_file("/dev/full", "text"), Catch::Contains("/dev/full: cannot write it: No space"));

  TemporaryFolder folder;
  fs::path pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  std::string read;
  std::thread reader([&] { std::getline(std::ifstream(pipe), read); });
  write_file(pipe, "through\n");
  reader.join();
  CHECK(read == "through");
  CHECK(fs::is_fifo(pipe));
}

TEST_CASE("a folder is made where a link leads", "[files]") {
  TemporaryFolder folder;
  fs::create_directory(folder / "there");
  for (const char* target : {"there", "not yet"}) {
    fs::path link = folder / (std::string("to ") + target);
    fs::create_directory_symlink(target, link);
    make_folder(link);
    make_folder(link / "deep");
    CHECK(fs::is_symlink(link));
    CHECK(fs::is_directory(folder / target / "deep"));
  }
}

TEST_CASE("what is no file is refused by name", "[files]") {
  TemporaryFolder folder;
  fs::create_directory(folder / "sub");
  CHECK_THROWS_WITH(write_file(folder / "sub", ""), Catch::Contains("it is a folder"));
  std::string refusal = (folder / "sub").string() + ": is a folder; wanted a file";
  CHECK_THROWS_WITH(read_file(folder / "sub"), refusal);
  CHECK_THROWS_WITH(MappedFile(folder / "sub"), refusal);
  CHECK(why_no_file(folder / "sub") == "is a folder; wanted a file");
  CHECK(why_no_file(folder / "none") == "there is no such file");
  CHECK(why_no_file("/dev/null").empty());
}

TEST_CASE("a folder that is there and cannot be listed is told, and only a missing one passes", "[files]") {
  TemporaryFolder folder;
  folder.write("full/a.txt", "");
  CHECK(entries_of(folder / "full").size() == 1);
  CHECK(entries_of(folder / "full").at(0).path() == folder / "full/a.txt");
  CHECK(entries_of(folder / "none").empty());
  CHECK(files_matching((folder / "none/*.txt").string()).empty());
  // A link to itself stands for a disk that fails: the system refuses to open it.
  fs::create_directory_symlink("loop", folder / "loop");
  std::string refusal = (folder / "loop").string() + ": cannot list it: Too many levels of symbolic links";
  CHECK_THROWS_WITH(entries_of(folder / "loop"), refusal);
  CHECK_THROWS_WITH(files_matching((folder / "loop/*.txt").string()), refusal);
}

TEST_CASE("names of folders and files are not taken for patterns", "[files]") {
  TemporaryFolder folder;
  write_file(folder / "data [v1]/train_0.bin", "");
  write_file(folder / "data [v1]/train_[x].bin", "");
  CHECK(files_matching((folder / "data [v1]/train_*.bin").string()).size() == 2);
  CHECK(files_matching((folder / "data [v1]/train_[x].bin").string()) ==
        std::vector<fs::path>{folder / "data [v1]/train_[x].bin"});
  CHECK(files_matching((folder / "d*/train_*.bin").string()).size() == 2);
  CHECK(files_matching((folder / "data [v1]/none*").string()).empty());
}

TEST_CASE("a file that is a pipe or a descriptor has no folder of its own", "[base]") {
  TemporaryFolder folder;
  write_file(folder / "a.toml", "");
  CHECK(folder_of(folder / "a.toml") == folder.path());
  CHECK(folder_of("/dev/stdin").empty());
  CHECK(folder_of("/dev/fd/0").empty());
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(folder_of(folder / "pipe").empty());
}

TEST_CASE("what matches nothing tells a folder that is there from one that is not", "[base]") {
  TemporaryFolder folder;
  for (const char* name : {"data [v3]", "data {a}", "~data", "d1"}) fs::create_directories(folder / name);
  auto why = [&](const char* pattern) { return why_nothing_matches((folder / pattern).string()); };
  std::string at = folder.path().string() + "/";
  for (const char* name : {"data [v3]", "data {a}", "~data", "d1"})
    CHECK(why((std::string(name) + "/train_*.bin").c_str()) ==
          "; the folder " + at + name + " is there, and holds no file of that pattern");
  CHECK(why("data [v4]/train_*.bin") == "; there is no folder " + at + "data [v4]");
  CHECK(why("nowhere/train_*.bin") == "; there is no folder " + at + "nowhere");
  CHECK(why("n*/train_*.bin") == "; there is no folder " + at + "n*");
  CHECK(why("d*/train_*.bin") == "; no folder of that pattern, such as " + at + "d1, holds such a file");
  CHECK(why("{a,b}/train_*.bin").starts_with("; braces are not expanded here"));
  CHECK(why_nothing_matches("~/none_*.bin").starts_with("; no shell replaces ~ here"));
  CHECK(why_nothing_matches("none_*.bin") == ", looked for from " + fs::current_path().string());
}
