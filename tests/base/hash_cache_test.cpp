// SPDX-License-Identifier: Apache-2.0
#include "base/hash_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "base/files.h"
#include "base/hash.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// Writes into the file as it stands, and sets the time of its content back to what it was.
void change_unseen(const fs::path& file, const std::string& text) {
  struct stat before = {};
  REQUIRE(::stat(file.c_str(), &before) == 0);
  int descriptor = ::open(file.c_str(), O_WRONLY);
  REQUIRE(::pwrite(descriptor, text.data(), text.size(), 0) == ssize_t(text.size()));
  timespec times[] = {before.st_atim, before.st_mtim};
  REQUIRE(::futimens(descriptor, times) == 0);
  ::close(descriptor);
}

fs::path only_file_in(const fs::path& folder) { return fs::directory_iterator(folder)->path(); }

}  // namespace

TEST_CASE("a hash is remembered until the file is changed, whatever its times say", "[base]") {
  TemporaryFolder folder;
  fs::path file = folder / "shard.bin";
  HashCache cache(folder / "cache", 1);
  write_file(file, "one");
  CHECK(cache.xxh3(file) == xxh3("one"));
  CHECK_FALSE(fs::exists(folder / "cache"));  // It was changed just now.
  std::this_thread::sleep_for(std::chrono::milliseconds(3100));
  CHECK(cache.xxh3(file) == xxh3("one"));
  fs::path entry = only_file_in(folder / "cache");
  std::string text = read_file(entry);

  // A second process takes what is in the cache.
  CHECK(cache.xxh3(file) == xxh3("one"));
  std::string damaged = text;
  damaged[text.size() - 40] ^= 1;
  write_file(entry, damaged);
  CHECK(cache.xxh3(file) == xxh3("one"));
  CHECK(read_file(entry) == text);

  change_unseen(file, "two");
  CHECK(cache.xxh3(file) == xxh3("two"));
}

TEST_CASE("without a folder, and for small files, nothing is remembered", "[base]") {
  TemporaryFolder folder;
  write_file(folder / "file", "text");
  CHECK(HashCache("", 1).xxh3(folder / "file") == xxh3("text"));
  CHECK(HashCache(folder / "cache").xxh3(folder / "file") == xxh3("text"));
  CHECK(HashCache("/dev/null/cache", 1).xxh3(folder / "file") == xxh3("text"));
  CHECK_FALSE(fs::exists(folder / "cache"));
}
