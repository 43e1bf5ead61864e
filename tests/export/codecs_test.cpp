// SPDX-License-Identifier: Apache-2.0
// Where the bytes of a file go, and what other codecs would make of it.
#include "export/codecs.h"

#include <catch2/catch.hpp>

#include "export/account.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// One tensor of repeated bytes and one of many values.
Artifact two_tensors() {
  Artifact artifact;
  artifact.compressor = "zlib";
  std::string flat(4000, '\1'), varied;
  for (uint32_t i = 0, state = 1; i < 4000; ++i) {
    state = state * 1664525 + 1013904223;  // bytes that no codec finds an order in
    varied += char(state >> 24);
  }
  artifact.tensors.push_back(
      {"blocks.0.flat.weight", "int8", {40, 100}, {{"q", Type::kInt8, {40, 100}, flat}}});
  artifact.tensors.push_back(
      {"blocks.0.varied.weight", "int8", {40, 100}, {{"q", Type::kInt8, {40, 100}, varied}}});
  return artifact;
}

WeightInfo owned(const char* name, const char* owner) {
  WeightInfo info = weight_info(name, {40, 100});
  info.owner = owner;
  return info;
}

}  // namespace

TEST_CASE("shares of a file add up, measured or by entropy", "[export]") {
  Artifact artifact = two_tensors();
  auto compressor = registry().make<Compressor>("zlib", "test");
  for (Compressor* measure : {static_cast<Compressor*>(nullptr), compressor.get()}) {
    FileAccount account = account_file(artifact, 6000, measure, {});
    REQUIRE(account.by_name.size() == 2);
    CHECK(account.measured == (measure != nullptr));
    CHECK(account.all.parameters == 8000);
    CHECK(account.share(account.by_name[0]) + account.share(account.by_name[1]) == Approx(1));
    CHECK(account.share(account.all) == 1);
    CHECK(account.bits_per_weight(account.all) == Approx(8 * 6000.0 / 8000));
    const ByteGroup& flat =
        account.by_name[0].name == "blocks.*.flat.weight" ? account.by_name[0] : account.by_name[1];
    CHECK(account.share(flat) < 0.05);
    CHECK(account.by_technique.empty());
    CHECK(account.by_quantizer.size() == 1);
  }
}

TEST_CASE("bytes are told by technique where the model is known", "[export]") {
  std::vector<WeightInfo> infos = {owned("blocks.0.flat.weight", "model"),
                                   owned("blocks.0.varied.weight", "gate")};
  FileAccount account = account_file(two_tensors(), 6000, nullptr, infos);
  REQUIRE(account.by_technique.size() == 2);
  CHECK(account.by_technique[0].name == "gate");
  CHECK(account.by_technique[1].name == "model");
}

TEST_CASE("codecs are compared by the files that they make", "[export]") {
  StatusLine quiet(true);
  std::vector<CodecResult> results = compare_codecs(two_tensors(), registry(), quiet);
  CHECK(results.size() == 3 * plugins_of(Kind::kCompressor).size());
  CHECK(std::is_sorted(results.begin(), results.end(),
                       [](const CodecResult& a, const CodecResult& b) { return a.bytes < b.bytes; }));
  Artifact artifact = two_tensors();
  artifact.byte_layout = {true, true};
  auto compressor = registry().make<Compressor>("zlib", "test");
  auto own = std::find_if(results.begin(), results.end(), [](const CodecResult& result) {
    return result.compressor == "zlib" && result.layout == "shuffled bytes, packed bits";
  });
  REQUIRE(own != results.end());
  CHECK(own->bytes == int64_t(encode(artifact, *compressor).size()));
}

TEST_CASE("layouts by name", "[export]") {
  CHECK(text_of(ByteLayout{false, false}) == "plain");
  CHECK(text_of(ByteLayout{true, false}) == "shuffled bytes");
  CHECK(text_of(ByteLayout{false, true}) == "packed bits");
}
