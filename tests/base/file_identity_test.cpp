// SPDX-License-Identifier: Apache-2.0
// A file is the same as long as nobody wrote to it or put another one in its place.
#include "base/file_identity.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "base/files.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

TEST_CASE("a changed file is told from one that only got another name or other rights", "[base]") {
  TemporaryFolder folder;
  fs::path file = folder / "text";
  write_file(file, "one");
  FileIdentity before = identity_of(file);
  CHECK(before == identity_of(file));
  int asked = 0;
  auto check_it = [&](bool same_bytes) {
    check_unchanged(file, before, [&] {
      ++asked;
      return same_bytes;
    });
  };
  check_it(false);
  CHECK(asked == 0);
  fs::create_hard_link(file, folder / "other");
  CHECK_NOTHROW(check_it(true));
  CHECK_THROWS_WITH(check_it(false), Catch::Contains("text: was changed while it was in use"));
  CHECK(asked == 2);
  fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds(1));
  CHECK_THROWS_WITH(check_it(true), Catch::Contains("text: was changed while it was in use"));
  write_file(file, "one");
  CHECK_THROWS_WITH(check_it(true), Catch::Contains("text: was changed while it was in use"));
  fs::remove(file);
  CHECK_THROWS_WITH(check_it(true), Catch::Contains("text: cannot look at it"));
  CHECK(asked == 2);
}
