// SPDX-License-Identifier: Apache-2.0
// A training that cannot fit is refused before it begins.
#include "run/memory.h"

#include <catch2/catch.hpp>

#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("the least memory of a training grows with what it holds", "[run]") {
  auto least = [](const std::vector<std::string>& changes, int threads = 1) {
    return least_memory(small_experiment(changes, registry()), threads);
  };
  int64_t plain = least({});
  int64_t weights = 4 * small_experiment({}, registry()).model->weights().parameters();
  CHECK(plain == 3 * weights + 4 * 1024 * 31);  // values, one accumulator, state; logits of a micro-batch
  CHECK(least({"train.averager.use='ema'"}) == plain + weights);
  CHECK(least({"train.gradient_accumulators=4"}) == plain + 3 * weights);
  CHECK(least({"train.gradient_accumulators=4"}, 2) == plain + 3 * weights + 4 * 1024 * 31);
}

TEST_CASE("a training that cannot fit is refused with what would", "[run]") {
  Experiment e = small_experiment({}, registry());
  int64_t least = least_memory(e, 1);
  CHECK_NOTHROW(check_memory(e, 1, {2 * least, least}));
  try {
    check_memory(e, 1, {2 * least, least - 1});
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    CHECK_THAT(error.what(), Catch::StartsWith("memory: ") && Catch::Contains("train.gradient_accumulators"));
  }
}
