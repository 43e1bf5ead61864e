// SPDX-License-Identifier: Apache-2.0
// Artifacts there and back, and how their file is laid out.
#include <caddie/parallel.h>
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "export/artifact.h"
#include "support/small_artifact.h"
#include "tensor/same_bits.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("weights come back from the file to the bit", "[export]") {
  SmallArtifact f;
  std::vector<Tensor> restored = f.restore(f.read(f.bytes()));
  REQUIRE(restored.size() == f.values.size());
  for (size_t i = 0; i < restored.size(); ++i) {
    INFO(f.infos[i].name);
    REQUIRE(restored[i].shape() == f.infos[i].shape);
    CHECK(same_bits(restored[i], f.values[i]));
  }
}

TEST_CASE("an artifact comes back with every name, shape and byte", "[export]") {
  SmallArtifact f;
  Artifact wrote = f.artifact(), read = f.read(encode(wrote, f.store));
  CHECK(read.compressor == "store");
  REQUIRE(read.tensors.size() == wrote.tensors.size());
  for (size_t i = 0; i < read.tensors.size(); ++i) {
    const ArtifactTensor &a = wrote.tensors[i], &b = read.tensors[i];
    CHECK((a.name == b.name && a.quantizer == b.quantizer && a.shape == b.shape));
    REQUIRE(a.packed.size() == b.packed.size());
    for (size_t k = 0; k < a.packed.size(); ++k) {
      CHECK((a.packed[k].name == b.packed[k].name && a.packed[k].type == b.packed[k].type));
      CHECK((a.packed[k].shape == b.packed[k].shape && a.packed[k].bytes == b.packed[k].bytes));
    }
  }
}

TEST_CASE("an artifact without tensors comes back", "[export]") {
  SmallArtifact f;
  CHECK(f.read(encode({{}, "store"}, f.store)).tensors.empty());
}

TEST_CASE("equal weights give equal files on any number of threads", "[export]") {
  SmallArtifact f;
  int threads = thread_count();
  set_thread_count(1);
  std::string alone = f.bytes();
  set_thread_count(3);
  std::string together = f.bytes();
  set_thread_count(threads);
  CHECK(alone == together);
}

TEST_CASE("the file is laid out as documented", "[export]") {
  Store store;
  std::string bytes = encode(tiny(), store);
  CHECK(bytes.substr(0, 11) == std::string("CAD\x02\x05store\x17", 11));
  std::string directory("\x01\x01\x01w\x05whole\x02\x02\x03\x01\x01q\x82", 17);
  CHECK(bytes.substr(19) == directory + "abcdef");
}

TEST_CASE("bytes of halves and floats are split into planes, small types first", "[export]") {
  Artifact artifact{{{"w",
                      "x",
                      {2},
                      {{"f", Type::kFloat32, {2}, "abcdABCD"},
                       {"h", Type::kFloat16, {2}, "efEF"},
                       {"q", Type::kInt8, {2}, "gG"}}}},
                    "store"};
  std::string payload = payload_of(artifact);
  CHECK(payload.substr(payload.size() - 14) == "gGeEfFaAbBcCdD");
  artifact.byte_layout.shuffle_bytes = false;
  payload = payload_of(artifact);
  CHECK(payload.substr(payload.size() - 14) == "gGefEFabcdABCD");
}

TEST_CASE("packed integers take the fewest bits that hold them all", "[export]") {
  Artifact artifact = tiny();
  artifact.byte_layout.pack_bits = true;
  std::string& q = artifact.tensors[0].packed[0].bytes;
  auto payload_end = [&](const std::string& integers) {
    q = integers;
    std::string payload = payload_of(artifact), end = payload.substr(17);
    CHECK((artifact_of(payload).tensors[0].packed[0].bytes == integers));
    return end;
  };
  CHECK(payload_end(std::string(6, '\0')) == std::string("\x01\x00", 2));
  CHECK(payload_end(std::string("\xff\0\xff\0\0\0", 6)) == "\x01\x05");  // two's complement: -1 is 1
  // The lowest bit first: 110 010 100 000 001 111.
  CHECK(payload_end(std::string("\x03\x02\x01\x00\xfc\xff", 6)) == "\x03\x53\xc0\x03");
  CHECK(payload_end("abcdef") ==
        "\x08"
        "abcdef");
  CHECK(payload_end(std::string("\x80\x7f\0\0\0\0", 6)) == std::string("\x08\x80\x7f\0\0\0\0", 7));
}

TEST_CASE("arrays come back from every layout", "[export]") {
  SmallArtifact f;
  Artifact artifact = f.artifact();
  Rng rng(3, "integers");
  for (int bits = 1; bits <= 8; ++bits)
    for (int64_t length : {0, 1, 7, 33}) {
      std::string integers;
      for (int64_t i = 0; i < length; ++i) integers += char(int(rng.below(1u << bits)) - (1 << (bits - 1)));
      artifact.tensors.push_back(
          {fmt::format("w{}_{}", bits, length), "x", {length}, {{"q", Type::kInt8, {length}, integers}}});
    }
  for (bool shuffle : {false, true})
    for (bool pack : {false, true}) {
      artifact.byte_layout = {shuffle, pack};
      Artifact read = f.read(encode(artifact, f.store));
      CHECK(read.byte_layout == artifact.byte_layout);
      for (size_t i = 0; i < artifact.tensors.size(); ++i)
        for (size_t k = 0; k < artifact.tensors[i].packed.size(); ++k)
          CHECK((read.tensors[i].packed[k].bytes == artifact.tensors[i].packed[k].bytes));
    }
}

TEST_CASE("a weight's arrays stand beside those of other layers", "[export]") {
  auto with = [](const std::string& name, const std::string& bytes) {
    return ArtifactTensor{name, "x", {1}, {{"s", Type::kInt8, {1}, bytes}, {"q", Type::kInt8, {1}, bytes}}};
  };
  std::string payload = payload_of(
      {{with("b.0.z", "1"), with("b.0.a", "2"), with("b.1.z", "3"), with("b.12.a", "4"), with("a.x1", "5")},
       "store"});
  CHECK(payload.substr(payload.size() - 10) == "5524241313");
  CHECK(name_pattern("0.b.12.c3..4") == "*.b.*.c3..*");
  CHECK(name_pattern("") == "");
}
