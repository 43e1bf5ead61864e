// SPDX-License-Identifier: Apache-2.0
// Prints how long export takes at the size of a record: caddie-tests "[.speed]".
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "export/account.h"
#include "export/artifact.h"
#include "export/estimate.h"
#include "export/quantize.h"
#include "support/plugins.h"
#include "support/small_artifact.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("a model of eleven layers becomes an artifact", "[.speed]") {
  SmallArtifact f;
  f.infos.clear();
  f.values.clear();
  f.quantizers.clear();
  f.add("tok_emb.weight", {1024, 512}, Role::kEmbedding, Place::kTokens, "model");
  for (int layer = 0; layer < 11; ++layer) {
    std::string block = "blocks." + std::to_string(layer);
    f.add(block + ".attn.c_q.weight", {512, 512}, Role::kMatrix, Place::kQuery, "model");
    f.add(block + ".attn.c_k.weight", {256, 512}, Role::kMatrix, Place::kKey, "model");
    f.add(block + ".attn.c_v.weight", {256, 512}, Role::kMatrix, Place::kValue, "model");
    f.add(block + ".attn.proj.weight", {512, 512}, Role::kMatrix, Place::kAttentionOut, "model");
    f.add(block + ".mlp.fc.weight", {1536, 512}, Role::kMatrix, Place::kMlpIn, "model");
    f.add(block + ".mlp.proj.weight", {512, 1536}, Role::kMatrix, Place::kMlpOut, "model");
    f.add(block + ".attn_scale", {512}, Role::kVector, Place::kOther, "model");
  }
  std::string quantizer_name = GENERATE(as<std::string>{}, "absmax", "gptq_lite");
  std::vector<Routed> routed(1);
  routed[0].technique.plugin = quantizer_name;
  routed[0].technique.object = testing::make_plugin<Quantizer>(quantizer_name);
  for (size_t i = 0; i < f.infos.size(); ++i) routed[0].weights.push_back(int(i));
  auto compressor = testing::make_plugin<Compressor>("zstd", {{"level", 1.}});

  using Clock = std::chrono::steady_clock;
  auto last = Clock::now();
  auto lap = [&] {
    auto now = Clock::now();
    double seconds = std::chrono::duration<double>(now - last).count();
    last = now;
    return seconds;
  };
  SizeEstimate estimate = estimate_size(f.infos, {.quantizers = routed});
  double estimate_seconds = lap();
  Artifact artifact = quantize(f.infos, f.values, routed);
  artifact.compressor = "zstd";
  double quantize_seconds = lap();
  std::string bytes = encode(artifact, *compressor);
  double encode_seconds = lap();
  Artifact again = decode(bytes, [&](const std::string&) -> const Compressor& { return *compressor; });
  double decode_seconds = lap();
  double entropy = total(account(again, group_by_name, nullptr)).entropy_bytes;
  WARN(quantizer_name << ": estimate " << estimate_seconds << " s, quantize " << quantize_seconds
                      << " s, encode " << encode_seconds << " s, decode " << decode_seconds << " s, account "
                      << lap() << " s; " << estimate.text() << "; file " << bytes.size() << ", entropy "
                      << entropy);
  CHECK(double(bytes.size()) == Approx(double(estimate.grown)).epsilon(0.05));
}
