// SPDX-License-Identifier: Apache-2.0
// The plan by which noise is measured: an experiment's seeds, joined by more later.
#include "report/noise.h"

#include <catch2/catch.hpp>

#include "run/untrained_run.h"
#include "sweep/folders.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("noise is measured on the experiment itself, for the seeds that are asked for", "[report]") {
  UntrainedRun data;
  NoiseRequest request{data.folder.write("base.toml", data.text()), 3, 5, {}};
  Plan plan = noise_plan(request, data.folder.path() / "noise/base");
  REQUIRE(plan.arms.size() == 1);
  CHECK(plan.seeds == std::vector<int64_t>{5, 6, 7});
  CHECK(plan.runs.size() == 3);
  CHECK_FALSE(plan.arms[0].group.empty());
}

TEST_CASE("one seed is refused before anything is run", "[report]") {
  UntrainedRun data;
  NoiseRequest request{data.folder.write("base.toml", data.text()), 1, 1, {}};
  CHECK_THROWS_WITH(measure_noise(request), Catch::Contains("take --seeds 2 or more"));
  CHECK_FALSE(std::filesystem::exists(noise_folder(request.experiment)));
}

TEST_CASE("seeds beyond the largest number are refused before anything is run", "[report]") {
  UntrainedRun data;
  NoiseRequest request{data.folder.write("base.toml", data.text()), 3, INT64_MAX - 1, {}};
  CHECK_THROWS_WITH(measure_noise(request),
                    "--first 9223372036854775806: 3 seeds from there on do not fit; the last of them can be "
                    "9223372036854775807 at most");
  CHECK_FALSE(std::filesystem::exists(noise_folder(request.experiment)));
  request.seeds = 2;
  CHECK(noise_plan(request, data.folder.path() / "noise/base").seeds.back() == INT64_MAX);
}

TEST_CASE("more seeds join those that were measured, with the same share of the machine", "[report]") {
  UntrainedRun data;
  std::filesystem::path folder = data.folder.path() / "noise/base";
  NoiseRequest request{data.folder.write("base.toml", data.text()), 2, 1, {}};
  Plan before = noise_plan(request, folder);
  before.jobs = 1;
  before.threads = 2;
  write_plan(before, folder);
  request.seeds = 4;
  Plan plan = noise_plan(request, folder);
  CHECK(plan.runs.size() == 4);
  CHECK(plan.runs[0].folder == before.runs[0].folder);
  CHECK(plan.arms[0].group == before.arms[0].group);
  CHECK(plan.jobs == 1);
  CHECK(plan.threads == 2);
}
