// SPDX-License-Identifier: Apache-2.0
// The bytes of an artifact accounted for, and estimated beforehand.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <vector>

#include "export/account.h"
#include "export/artifact.h"
#include "export/estimate.h"
#include "export/quantize.h"
#include "support/small_artifact.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("entropy of an array, by hand", "[export]") {
  CHECK(entropy_bytes({"q", Type::kInt8, {0}, ""}) == 0);
  CHECK(entropy_bytes({"q", Type::kInt8, {77}, std::string(77, 'x')}) == 0);
  CHECK(entropy_bytes({"q", Type::kInt8, {8}, "abcdabcd"}) == Approx(2));  // 8 elements of 2 bits
  CHECK(entropy_bytes({"q", Type::kInt8, {4}, "aaab"}) == Approx((3 * std::log2(4 / 3.) + 2) / 8));
  // First bytes are all equal, second bytes take two values equally often.
  CHECK(entropy_bytes({"h", Type::kFloat16, {8}, "axayaxayaxayaxay"}) == Approx(1));
}

TEST_CASE("groups of bytes add up in every grouping", "[export]") {
  SmallArtifact f;
  Artifact artifact = f.artifact();
  int64_t parameters = 33 * 3 + 2 * 7 * 31 + 77 + 1, rows = 33 + 7 + 7 + 0 + 1 + 1;
  for (const GroupOf& group_of : {GroupOf(group_by_name), group_by_owner(f.infos)}) {
    ByteGroup sum = total(account(artifact, group_of, &f.store));
    CHECK(sum.parameters == parameters);
    CHECK(sum.raw_bytes == 4 * parameters);
    CHECK(sum.packed_bytes == 5 * parameters + 2 * rows);
    CHECK(sum.compressed_bytes > sum.packed_bytes);  // stored, with a directory each
  }
  CHECK(total(account(artifact, group_by_name, nullptr)).compressed_bytes == 0);

  std::vector<ByteGroup> names = account(artifact, group_by_name, nullptr);
  CHECK(names[0].name == "blocks.*.q.weight");
  CHECK(names[0].parameters == 2 * 7 * 31);
  std::vector<ByteGroup> owners = account(artifact, group_by_owner(f.infos), nullptr);
  REQUIRE(owners.size() == 2);
  CHECK((owners[0].name == "model" && owners[1].name == "gate"));
}

namespace {

/// int8 with a step of 1/10, clipped at 127.
struct Tenths final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Array q{"q", Type::kInt8, info.shape, {}};
    for (int64_t i = 0; i < weight.numel(); ++i)
      q.bytes += char(int8_t(std::clamp(std::nearbyint(10 * weight.data()[i]), -127.f, 127.f)));
    return {q};
  }
  void unpack(const Packed&, Tensor&) const override {}
};

}  // namespace

TEST_CASE("the estimate is the entropy of a quantized normal", "[export]") {
  std::vector<WeightInfo> infos;
  infos.push_back({"w", {1000, 640}, Role::kMatrix, Place::kMlpIn, 0, "model", Init::normal(0.4)});
  infos.push_back({"c", {640}, Role::kVector, Place::kOther, 0, "model", Init::constant(1)});
  std::vector<Routed> quantizers(1);
  quantizers[0].technique.object = std::make_unique<Tenths>();
  quantizers[0].weights = {0, 1};
  SizeEstimate estimate = estimate_size(infos, {.quantizers = quantizers});
  CHECK(estimate.parameters == 640'640);
  // Differential entropy of a normal in units of the step: log2(deviation / step) + log2(2 pi e) / 2.
  double constant = 0.5 * std::log2(2 * M_PI * M_E);
  CHECK(double(estimate.initial) == Approx(80'000 * (std::log2(4) + constant)).epsilon(0.01));
  CHECK(double(estimate.grown) == Approx(80'000 * (std::log2(10) + constant)).epsilon(0.01));
  CHECK_THAT(estimate.text(), Contains("entropy"));
}
