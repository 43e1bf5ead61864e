// SPDX-License-Identifier: Apache-2.0
// Files that are cut off, flipped or made up are refused, with what is wrong.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "export/artifact.h"
#include "support/small_artifact.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("every truncation is refused", "[export]") {
  SmallArtifact f;
  std::string bytes = f.bytes();
  REQUIRE(bytes.size() > 1000);
  for (size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    CHECK_THROWS_AS(f.read(bytes.substr(0, size)), Error);
  }
  CHECK_THROWS_WITH(f.read(""), Contains("truncated"));
  CHECK_THROWS_AS(f.read(bytes + "x"), Error);
}

TEST_CASE("every flipped bit is refused", "[export]") {
  SmallArtifact f;
  std::string bytes = encode(tiny(), f.store);
  check_flipped_bits_are_refused(f, bytes);
}

TEST_CASE("a refusal says what is wrong with the file", "[export]") {
  SmallArtifact f;
  std::string bytes = f.bytes();
  auto with = [&](size_t at, char value) {
    std::string damaged = bytes;
    damaged[at] = value;
    return damaged;
  };
  CHECK_THROWS_WITH(f.read(with(0, 'X')), Contains("it is no artifact"));
  CHECK_THROWS_WITH(f.read(with(3, 1)), Contains("version 1") && Contains("reads versions 2 to 3"));
  CHECK_THROWS_WITH(f.read(with(bytes.size() - 1, '\x7f')), Contains("do not match its hash"));
  CHECK_THROWS_WITH(f.read(bytes, 10), Contains("the limit is 10"));
  CHECK_NOTHROW(f.read(bytes, payload_of(f.artifact()).size()));
}

TEST_CASE("a length of the payload beyond the limit is refused before anything expands", "[export]") {
  std::string bytes = std::string("CAD\x02\x05store") + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
  SmallArtifact f;
  auto never = [](const std::string&) -> const Compressor& { throw std::logic_error("expanded"); };
  CHECK_THROWS_WITH(decode(bytes, never), Contains("18446744073709551615") && Contains("limit"));
}

TEST_CASE("payloads with a good hash and nonsense inside are refused", "[export]") {
  SmallArtifact f;
  struct Case {
    std::string payload, reason;
  };
  const std::string head("\x01\x01w\x01z", 5), max("\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 9);
  const std::vector<Case> cases = {
      {"", "truncated"},
      {max, "truncated"},
      {std::string("\x80\x00", 2), "not a number"},
      {std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10), "not a number"},
      {std::string("\x01\x00", 2), "not a name"},
      {std::string("\x01\x01\x07", 3), "not a name"},
      {std::string("\x01\x80\x02", 3), "names have 1 to 255"},
      {head + '\x07', "has 7 axes"},
      {head + '\x02' + max + max, "impossible shape"},
      {head + '\x01' + std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10), "axis of length"},
      {head + std::string("\x01\x02", 2) + max, "truncated"},
      {head + std::string("\x01\x02\x01\x01q\x03", 6), "unknown type 3"},
      {head + std::string("\x01\x02\x01\x01q\x82"
                          "a",
                          7),
       "needs more than is there"},
      {head + std::string("\x01\x02\x01\x01q\x82"
                          "abc",
                          9),
       "1 bytes behind the last array"},
      {head + std::string("\x01\x02\x01\x01q\x02\x01\x02", 8), "spells out"},
      {std::string("\x02", 1) + std::string("\x01w\x01z\x00\x00", 6) + std::string("\x01w\x01z\x00\x00", 6),
       "comes twice"},
  };
  for (const Case& one : cases) {
    INFO(one.reason);
    CHECK_THROWS_WITH(f.read(sealed("\x01" + one.payload)), Contains(one.reason));
  }
  CHECK_THROWS_WITH(f.read(sealed("")), Contains("truncated"));
  CHECK_THROWS_WITH(f.read(sealed(std::string("\x10\x00", 2))), Contains("layout 16"));
  auto packed = [&](const std::string& bits_and_bytes) {
    return sealed("\x03" + head + std::string("\x01\x02\x01\x01q\x82", 6) + bits_and_bytes);
  };
  CHECK_NOTHROW(f.read(packed("\x02\x07")));
  CHECK_THROWS_WITH(f.read(packed("\x09\x07")), Contains("has 9 bits"));
  CHECK_THROWS_WITH(f.read(packed(std::string("\x00\x07", 2))), Contains("has 0 bits"));
  CHECK_THROWS_WITH(f.read(packed("\x03\x07")), Contains("needs no 3 bits"));
  CHECK_THROWS_WITH(f.read(packed("\x02\x17")), Contains("bits behind the last integer"));
  std::string many = "\x03" + head + std::string("\x01\x80\x80\x40\x01\x01q\x82\x01", 9);
  CHECK_THROWS_WITH(f.read(sealed(many + std::string(1 << 17, '\0')), 1 << 18), Contains("limit allows"));
}

TEST_CASE("a directory that is all tensors stays within its limit", "[export]") {
  SmallArtifact f;
  std::string payload("\x01\xff\xff\xff\xff\x0f", 6);
  while (payload.size() < 2 * kDirectoryLimit) {
    std::string number = std::to_string(1000000 + payload.size());
    payload += std::string("\x08w", 2) + number.substr(0, 7) + std::string("\x01z\x00\x00", 4);
  }
  CHECK_THROWS_WITH(f.read(sealed(payload)), Contains("the directory is truncated"));
}

TEST_CASE("what cannot be read back is not written", "[export]") {
  Store store;
  Artifact artifact = tiny();
  artifact.tensors.push_back(artifact.tensors[0]);
  CHECK_THROWS_WITH(encode(artifact, store), Contains("two tensors are called 'w'"));
  artifact = tiny();
  artifact.tensors[0].packed[0].bytes += "g";
  CHECK_THROWS_WITH(encode(artifact, store), Contains("do not fill its shape [2, 3]"));
  artifact = tiny();
  artifact.compressor = "";
  CHECK_THROWS_WITH(encode(artifact, store), Contains("cannot be stored as a name"));
}
