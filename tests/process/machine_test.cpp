// SPDX-License-Identifier: Apache-2.0
// What the machine gives to this process.
#include "process/machine.h"

#include <sched.h>
#include <catch2/catch.hpp>

using namespace caddie;

TEST_CASE("only the cores that this process may use are counted", "[process]") {
  cpu_set_t before, one;
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  CHECK(core_count() == CPU_COUNT(&before));
  int core = 0;
  while (!CPU_ISSET(core, &before)) ++core;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  CHECK(core_count() == 1);
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}
