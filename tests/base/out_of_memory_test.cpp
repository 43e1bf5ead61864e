// SPDX-License-Identifier: Apache-2.0
// What an error of memory says of the settings that would need less.
#include "base/out_of_memory.h"

#include <catch2/catch.hpp>

using namespace caddie;

namespace {

void asks_for_too_much() { throw OutOfMemory("out of memory: 81916096 bytes asked for"); }

}  // namespace

TEST_CASE("memory that is short is told with what would need less", "[base]") {
  CHECK(with_memory_advice("less needs less", [] { return 3; }) == 3);
  CHECK_THROWS_WITH(with_memory_advice("less needs less", asks_for_too_much),
                    "out of memory: 81916096 bytes asked for; less needs less");
  CHECK_THROWS_WITH(with_memory_advice("less needs less", [] { throw std::bad_alloc(); }),
                    "out of memory; less needs less");
  CHECK_THROWS_WITH(with_memory_advice("outer", [] { with_memory_advice("inner", asks_for_too_much); }),
                    "out of memory: 81916096 bytes asked for; inner");
  CHECK_THROWS_WITH(with_memory_advice("less needs less", [] { fail("something else"); }), "something else");
}
