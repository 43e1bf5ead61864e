// SPDX-License-Identifier: Apache-2.0
// Weights to the arrays of quantizers and back.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "export/artifact.h"
#include "export/quantize.h"
#include "support/plugins.h"
#include "support/small_artifact.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("quantize wants each weight claimed once and reports progress", "[export]") {
  SmallArtifact f;
  std::vector<int64_t> seen;
  int64_t all = 33 * 3 + 2 * 7 * 31 + 77 + 1;
  quantize(f.infos, f.values, f.quantizers, [&](int64_t done, int64_t of) {
    CHECK(of == all);
    seen.push_back(done);
  });
  REQUIRE(seen.size() == f.infos.size());
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.back() == all);

  f.quantizers[1].weights = {5};
  CHECK_THROWS_WITH(quantize(f.infos, f.values, f.quantizers), Contains("gate.scale") && Contains("others"));
  f.quantizers[1].weights = {4, 5, 0};
  CHECK_THROWS_WITH(quantize(f.infos, f.values, f.quantizers), Contains("matrices and others"));
}

TEST_CASE("what quantizers cannot keep is found", "[export]") {
  SmallArtifact f;
  f.quantizers[0] = routed("int8", make_plugin<Quantizer>("int8"), {0, 1, 2, 3});
  auto found = [&] {
    Artifact artifact = f.artifact();
    std::vector<RoundTrip> trips = round_trips(artifact, f.infos, f.values, f.quantizers);
    check_finite(trips, artifact);
    return zeroed(trips);
  };
  CHECK(found().empty());
  Tensor& matrix = f.values[1];
  std::fill_n(matrix.data(), matrix.numel(), 1e-6f);  // int8 has steps of 1/127 and larger
  CHECK(found() == std::vector<int>{1});
  std::fill_n(matrix.data(), matrix.numel(), 0.0f);
  CHECK(found().empty());
  matrix.data()[0] = 1e8f;  // a step of 1e8/127 is beyond half precision
  CHECK_THROWS_WITH(found(), Contains("blocks.0.q.weight reaches 100000000") && Contains("not finite"));
  matrix.data()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(found(), Contains("element 0 of blocks.0.q.weight is nan"));
}

TEST_CASE("a tensor that does not fit the model is named", "[export]") {
  SmallArtifact f;
  Artifact artifact = f.artifact();
  SECTION("missing") {
    artifact.tensors.erase(artifact.tensors.begin() + 4);
    CHECK_THROWS_WITH(f.restore(artifact), Contains("'gate.scale' is missing") && Contains("[77]"));
  }
  SECTION("unknown") {
    artifact.tensors[4].name = "gate.scales";
    CHECK_THROWS_WITH(f.restore(artifact),
                      Contains("'gate.scales'") && Contains("did you mean 'gate.scale'"));
  }
  SECTION("of another shape") {
    artifact.tensors[1].shape = {31, 7};
    CHECK_THROWS_WITH(f.restore(artifact),
                      Contains("'blocks.0.q.weight' has shape [31, 7]") && Contains("[7, 31]"));
  }
  SECTION("not as its quantizer packed it") {
    artifact.tensors[4].packed.pop_back();
    CHECK_THROWS_WITH(f.restore(artifact), Contains("'gate.scale'") && Contains("other arrays"));
  }
}

TEST_CASE("artifacts of every compressor and quantizer come back, damaged ones do not", "[export][plugins]") {
  SmallArtifact f;
  const std::vector<std::string> names = {"fp32", "fp16", "int8", "absmax", "percentile", "gptq_lite"};
  std::string compressor_name = GENERATE(as<std::string>{}, "zlib", "zstd", "lzma", "brotli");
  auto compressor = testing::make_plugin<Compressor>(compressor_name);
  auto read = [&](std::string_view bytes) {
    return decode(bytes, [&](const std::string&) -> const Compressor& { return *compressor; });
  };
  for (const std::string& name : names) {
    INFO(compressor_name << ", " << name);
    auto quantizer = testing::make_plugin<Quantizer>(name);
    std::vector<Routed> writers, readers;
    writers.push_back(routed(name, testing::make_plugin<Quantizer>(name), {0, 1, 2, 3, 4, 5}));
    readers.push_back(routed(name, testing::make_plugin<Quantizer>(name), {}));
    Artifact artifact = quantize(f.infos, f.values, writers);
    artifact.compressor = compressor_name;
    std::string bytes = encode(artifact, *compressor);
    CHECK(bytes == encode(artifact, *compressor));
    std::vector<Tensor> restored = dequantize(read(bytes), f.infos, readers);
    for (size_t i = 0; i < restored.size(); ++i) {
      Tensor direct(f.infos[i].shape);
      quantizer->unpack(quantizer->pack(f.values[i], f.infos[i], nullptr), direct);
      CHECK(caddie::same_bits(restored[i], direct));
    }
    // The decoder of lzma takes 64 MB anew each time, which costs most of a sanitized test.
    const size_t step = compressor_name == "lzma" ? 67 : 7;
    for (size_t at = 0; at < bytes.size(); at += step) {
      INFO(at);
      CHECK_THROWS_AS(read(bytes.substr(0, at)), Error);
      std::string damaged = bytes;
      damaged[at] = char(damaged[at] ^ 16);
      CHECK_THROWS_AS(read(damaged), Error);
    }
  }
}
