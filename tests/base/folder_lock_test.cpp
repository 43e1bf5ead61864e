// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "base/file_lock.h"
#include "support/data_support.h"

using namespace caddie;

TEST_CASE("a folder is locked like a file, and nothing is written into it", "[base]") {
  TemporaryFolder folder;
  std::optional<FileLock> first = FileLock::take(folder.path());
  REQUIRE(first);
  CHECK(FileLock::is_held(folder.path()));
  CHECK_FALSE(FileLock::take(folder.path()));
  CHECK(std::filesystem::is_empty(folder.path()));
  first.reset();
  CHECK(FileLock::take(folder.path()));
}
