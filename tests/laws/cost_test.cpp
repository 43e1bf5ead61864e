// SPDX-License-Identifier: Apache-2.0
// What a plugin costs: measured with it and without, and told as a ratio.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "laws/cost.h"
#include "support/laboratory.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

Cost cost_called(const std::vector<Cost>& costs, const std::string& name) {
  for (const Cost& cost : costs)
    if (cost.name == name) return cost;
  throw Error("no cost is called " + name);
}

}  // namespace

TEST_CASE("the costs of a technique of the model are those of its weights and of its work", "[laws]") {
  std::vector<Cost> costs = costs_of(Subject(registry(), "layer_scale"));
  Cost parameters = cost_called(costs, "parameters");
  // Two vectors of width 128 in each of 4 layers.
  CHECK(parameters.with - parameters.without == 2 * 128 * 4);
  Cost memory = cost_called(costs, "memory of a pass over one sequence");
  // Behind each of the 8 sublayers it keeps another value of 128 positions and 128 channels.
  CHECK(memory.with - memory.without >= 8 * 128 * 128 * 4);
  CHECK(cost_called(costs, "seconds of a training step").without > 0);
  Cost artifact = cost_called(costs, "artifact");
  CHECK(artifact.with - artifact.without >= 2 * 128 * 4);  // at least a byte for each of its weights
}

TEST_CASE("a quantizer costs export and bytes, and a sampler is timed by runs", "[laws]") {
  std::vector<Cost> costs = costs_of(Subject(registry(), "int8"));
  REQUIRE(costs.size() == 2);
  CHECK(cost_called(costs, "seconds of the export").with > 0);
  Cost artifact = cost_called(costs, "artifact");
  CHECK(artifact.with < 0.5 * artifact.without);  // a byte in place of the four of plain parts
  CHECK_THROWS_WITH(costs_of(Subject(registry(), "sequential")),
                    Contains("takes no part in a training step"));
}

TEST_CASE("the card says where a technique stands, when it acts, what it conflicts with and what it costs",
          "[laws]") {
  Outcome told = shell("plugin describe layer_scale --cost");
  INFO(told.output);
  CHECK(told.code == 0);
  CHECK_THAT(told.output,
             Contains("acts at   branch (phase scale)\n") &&
                 Contains("order     after those of phase normalize, rotate, add, mix, project; before "
                          "gate, limit; among those of its phase by label\n") &&
                 Contains("acts      in training and evaluation\n") &&
                 Contains(" times the seconds of a training step: ") && Contains("times the parameters: "));
  CHECK_THAT(shell("plugin describe dropout").output, Contains("acts      in training only\n"));
  CHECK_THAT(shell("plugin describe swiglu").output, Contains("replaces  activation\n"));
}
