// SPDX-License-Identifier: Apache-2.0
#include "base/exit_code.h"

#include <catch2/catch.hpp>

using namespace caddie;

TEST_CASE("exit codes are those that scripts rely on", "[base]") {
  CHECK(int(kFine) == 0);
  CHECK(int(kFailed) == 1);
  CHECK(int(kUsage) == 2);
  CHECK(int(kClaimNotMet) == 3);
  CHECK(int(kPluginRefused) == 4);
  CHECK(int(kDiskFull) == 5);
  CHECK(int(kInterrupted) == 130);
}

TEST_CASE("a full disk is told by the words of the system", "[base]") {
  CHECK(tells_of_full_disk("a.txt: cannot write it: No space left on device"));
  CHECK(tells_of_full_disk("a.txt: cannot flush it to disk: Disk quota exceeded"));
  CHECK_FALSE(tells_of_full_disk("a.txt: cannot write it: Input/output error"));
}

TEST_CASE("a mistake of the user's carries its code and its values", "[base]") {
  try {
    fail_usage("{}: {} of {}", "where", 2, 3.5);
  } catch (const Error& error) {
    CHECK(error.code() == kUsage);
    CHECK(std::string(error.what()) == "where: 2 of 3.5");
    return;
  }
  FAIL("nothing was thrown");
}
