// SPDX-License-Identifier: Apache-2.0
// The system's name is held against what the kernel's own file says.
#include "process/operating_system.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

TEST_CASE("the operating system is named with the release of its kernel", "[process]") {
  std::string release;
  REQUIRE(std::getline(std::ifstream("/proc/sys/kernel/osrelease"), release));
  std::string name = caddie::operating_system();
  CHECK(name.ends_with("Linux " + release));
  CHECK(name.find('"') == std::string::npos);
}
