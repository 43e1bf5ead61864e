// SPDX-License-Identifier: Apache-2.0
// What the machine gives to this process.
#include "process/machine.h"

#include <sched.h>
#include <catch2/catch.hpp>

#include "support/temporary_folder.h"

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

TEST_CASE("the least limit of a control group and those around it holds", "[process]") {
  TemporaryFolder groups;
  constexpr int64_t kMega = 1 << 20;
  const Memory machine{8000 * kMega, 6000 * kMega};
  auto write = [&](const std::string& file, int64_t bytes) {
    groups.write(file, std::to_string(bytes) + "\n");
  };
  CHECK(memory_within(groups.path(), "0::/\n", machine).total == machine.total);

  groups.write("a/memory.max", "max\n");
  write("a/b/memory.max", 1000 * kMega);
  write("a/b/memory.current", 700 * kMega);
  groups.write("a/b/memory.stat", "anon 1\ninactive_file 104857600\n");
  for (const char* own : {"0::/a/b\n", "0::/a/b/c/d\n"}) {
    Memory memory = memory_within(groups.path(), own, machine);
    CHECK(memory.total == 1000 * kMega);
    CHECK(memory.available == 400 * kMega);
  }
  CHECK(memory_within(groups.path(), "0::/a\n", machine).available == machine.available);

  write("memory/x/memory.limit_in_bytes", 500 * kMega);
  write("memory/x/memory.usage_in_bytes", 600 * kMega);
  Memory memory = memory_within(groups.path(), "3:cpu:/x\n2:hugetlb,memory:/x/y\n0::/\n", machine);
  CHECK(memory.total == 500 * kMega);
  CHECK(memory.available == 0);
}
