// SPDX-License-Identifier: Apache-2.0
// Artifacts with corrections and with their integers in the layout of a plugin: there and back, byte by byte,
// and damaged; and artifacts of before, which stay as they were.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/files.h"
#include "export/account.h"
#include "support/paths.h"
#include "support/small_artifact.h"
#include "tensor/same_bits.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// tiny() with a correction by "fix": two integers, and a half.
Artifact corrected() {
  Artifact artifact = tiny();
  artifact.tensors[0].corrections.push_back(
      {"fix", {{"a", Type::kInt8, {2}, "xy"}, {"s", Type::kFloat16, {}, "hH"}}});
  return artifact;
}

void check_same(const Packed& a, const Packed& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i)
    CHECK((a[i].name == b[i].name && a[i].type == b[i].type && a[i].shape == b[i].shape &&
           a[i].bytes == b[i].bytes));
}

const std::string kHead("\x01\x01w\x01z\x00\x00", 7);  // one tensor "w" of a scalar, without arrays

}  // namespace

TEST_CASE("an artifact of version 2 is read as ever, and what needs no more is written as ever", "[export]") {
  SmallArtifact f;
  std::string file = read_file(source_folder() / "tests/fixtures/artifacts/version_2.bin");
  std::vector<Tensor> restored = f.restore(f.read(file));
  REQUIRE(restored.size() == f.values.size());
  for (size_t i = 0; i < restored.size(); ++i) CHECK(same_bits(restored[i], f.values[i]));
  CHECK(f.bytes() == file);
}

TEST_CASE("corrections and integers in a layout come back", "[export]") {
  SmallArtifact f;
  for (bool pack : {false, true})
    for (bool arranged : {false, true}) {
      if (pack && arranged) continue;
      Artifact wrote = corrected();
      wrote.byte_layout.pack_bits = pack;
      wrote.layout = arranged ? "backwards" : "";
      std::string bytes = encode(wrote, f.store, arranged ? &f.backwards : nullptr);
      CHECK(bytes[3] == 3);
      Artifact read = f.read(bytes);
      CHECK(read.layout == wrote.layout);
      REQUIRE(read.tensors.size() == 1);
      check_same(read.tensors[0].packed, wrote.tensors[0].packed);
      REQUIRE(read.tensors[0].corrections.size() == 1);
      CHECK(read.tensors[0].corrections[0].corrector == "fix");
      check_same(read.tensors[0].corrections[0].packed, wrote.tensors[0].corrections[0].packed);
    }
}

TEST_CASE("a payload of version 3 is laid out as documented", "[export]") {
  Artifact artifact = corrected();
  const std::string directory(
      "\x01\x01w\x05whole\x02\x02\x03\x01\x01q\x82"  // as in version 2
      "\x01\x03"
      "fix\x02\x01"
      "a\x02\x01\x02\x01s\x01\x00",  // one correction of two arrays
      31);
  CHECK(payload_of(artifact) == "\x05" + directory + "xy" + "abcdef" + "hH");
  artifact.layout = "backwards";
  Backwards backwards;
  CHECK(payload_of(artifact, &backwards) ==
        "\x0d\x09"
        "backwards" +
            directory +
            "\x08"
            "fedcbayx" +
            "hH");
  artifact.byte_layout.pack_bits = true;
  CHECK_THROWS_WITH(payload_of(artifact, &backwards), Contains("packed bits have no layout"));
}

TEST_CASE("every truncation and every flipped bit of a file of version 3 is refused", "[export]") {
  SmallArtifact f;
  Artifact artifact = corrected();
  artifact.layout = "backwards";
  std::string bytes = encode(artifact, f.store, &f.backwards);
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_THROWS_AS(f.read(bytes.substr(0, size)), Error);
  check_flipped_bits_are_refused(f, bytes);
}

TEST_CASE("payloads of version 3 with nonsense inside are refused", "[export]") {
  SmallArtifact f;
  struct Case {
    std::string payload, reason;
  };
  const std::string head = kHead, arranged = std::string(
                                                 "\x08\x01"
                                                 "b",
                                                 3) +
                                             head;
  const std::vector<Case> cases = {
      {"\x04" + head, "a number of corrections"},
      {"\x04" + head + std::string(1, '\0'), "there are no corrections"},
      {"\x04" + head + "\x01", "a corrector's name"},
      {"\x04" + head + std::string("\x01\x00", 2), "not a name"},
      {"\x04" + head +
           "\x01\x01"
           "c\x01\x01q\x03",
       "unknown type 3"},
      {"\x04" + head +
           "\x01\x01"
           "c\x01\x01q\x82",
       "needs more than is there"},
      {"\x04" + head +
           "\x01\x01"
           "c\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
       "ends within"},
      {std::string("\x08\x00", 2) + head, "not a name"},
      {"\x08\x05"
       "b",
       "ends within"},
      {std::string("\x0a\x01"
                   "b",
                   3) +
           head,
       "layout 10"},
      {arranged, "the length of the integers"},
      {arranged + "\x02"
                  "a",
       "ends within the integers"},
      {arranged + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "ends within the integers"},
      {arranged + "\x01"
                  "a",
       "1 bytes are left"},
      {arranged + std::string("\x00"
                              "a",
                              2),
       "behind the last array"},
      {std::string("\x08\x01"
                   "b\x01\x01w\x01z\x00\x01\x01q\x82\x00",
                   13),
       "truncated"},
  };
  for (const Case& one : cases) {
    INFO(one.reason);
    CHECK_THROWS_WITH(f.read(sealed(one.payload)), Contains(one.reason));
  }
  std::string many(
      "\x08\x01"
      "b\x01\x01w\x01z\x01\x80\x80\x40\x01\x01q\x82\x00",
      17);
  CHECK_THROWS_WITH(f.read(sealed(many), 1 << 16), Contains("limit allows"));
  auto store = [&](const std::string&) -> const Compressor& { return f.store; };
  CHECK_THROWS_WITH(decode(sealed(arranged + std::string(1, '\0')), store),
                    Contains("in the layout 'b', which is not known here"));
}

TEST_CASE("a file of one version with a payload of the other is refused", "[export]") {
  // The hash covers the version, so that it has to be sealed as such a file would be.
  SmallArtifact f;
  CHECK(sealed(std::string("\x01\x00", 2))[3] == 2);
  std::string file = encode(corrected(), f.store);
  file[3] = 2;
  CHECK_THROWS_AS(f.read(file), Error);
}

TEST_CASE("the bytes of corrections count with their weight and by their corrector", "[export]") {
  SmallArtifact f;
  Artifact artifact = corrected();
  FileAccount account = account_file(artifact, 100, &f.store, {});
  CHECK(account.all.packed_bytes == 6 + 4);
  CHECK(account.all.parameters == 6);
  REQUIRE(account.by_quantizer.size() == 2);
  CHECK((account.by_quantizer[0].name == "whole" && account.by_quantizer[0].packed_bytes == 6));
  CHECK((account.by_quantizer[1].name == "fix" && account.by_quantizer[1].packed_bytes == 4));
  CHECK(account.by_quantizer[1].parameters == 0);
  CHECK(account.all.compressed_bytes == int64_t(payload_of(artifact).size()));
  artifact.layout = "backwards";
  CHECK(account_file(artifact, 100, &f.store, {}, &f.backwards).all.compressed_bytes ==
        int64_t(payload_of(artifact, &f.backwards).size()));
}
