// SPDX-License-Identifier: Apache-2.0
// Made-up cases of integers whose steps come from the deviations of rows.
#include "parity/made_up_case.h"

using namespace caddie;
using namespace caddie::parity;

namespace {

// With second moments of one each column is rounded by itself. Both rows deviate by their magnitude times the
// root of two; 7 steps span 7 * 0.5 / sqrt(2) = 2.4748737 of these deviations, so the steps are 0.5 and 1.
const std::vector<float> kWeights = {1, -1, 2, -2}, kMoments = {1, 0, 0, 1};
const std::vector<int8_t> kIntegers = {2, -2, 2, -2};
const Json kConfig = {
    {"clip", "deviation"},
    {"damping_inside", "0.01*mean(diag H) added, after dead diagonals are set to 1"},
    {"order", "columns sorted by diag(H) (after damping) descending"},
    {"dead_columns", "set to 0 in the working copy; the row deviation is that of the untouched weights"}};

Result run_with(const Json& settings, const std::vector<uint16_t>& halves) {
  Folder folder;
  Json json = {{"quantizer", "gptq_quantize_weight"},
               {"config", kConfig},
               {"expected", {{"per_tensor", {{"w", settings}}}}}};
  return run_case(
      quantizer_case(folder, json,
                     {tensor("w", "F32", {2, 2}, kWeights), tensor("w.hessian", "F32", {2, 2}, kMoments)},
                     {tensor("w.q", "I8", {2, 2}, kIntegers), tensor("w.scale", "F16", {2}, halves),
                      tensor("w.dequant", "F32", {2, 2}, kWeights)}),
      registry(), upstream());
}

}  // namespace

TEST_CASE("a tensor of a case has a range, a clip and other settings of its own", "[parity]") {
  Json settings = {{"shape", {2, 2}}, {"clip_range", 7}, {"clip_sigmas", 2.4748737}, {"trace_E_H_Et", 0}};
  std::vector<uint16_t> steps = {0x3800, 0x3c00};  // 0.5 and 1
  Result result = run_with(settings, steps);
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");
  settings["clip_sigmas"] = 3.0;
  CHECK(name_of(run_with(settings, steps).status) == "FAIL");
  settings["clip_sigmas"] = 2.4748737;
  settings["hessian_clip_lambda"] = 0.5;  // the second row matters more, and gets a wider grid
  CHECK(name_of(run_with(settings, steps).status) == "FAIL");
  settings["protect_groups"] = {{0, 1}};
  Result unknown = run_with(settings, steps);
  CHECK(name_of(unknown.status) == "SKIP");
  CHECK_THAT(unknown.reason, Catch::Contains("protect_groups = [[0,1]]"));
}
