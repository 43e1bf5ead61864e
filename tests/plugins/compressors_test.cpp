// SPDX-License-Identifier: Apache-2.0
// Compressors: there and back, and damaged input. Byte shuffle with them.
#include <catch2/catch.hpp>

#include "base/byte_shuffle.h"
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

const std::string kNames[] = {"zlib", "zstd", "lzma", "brotli"};

// Small integers as a quantizer makes them.
std::string narrow_bytes(size_t size) {
  Rng rng(3, "bytes");
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes.push_back(char(int(rng.normal() * 8)));
  return bytes;
}

}  // namespace

TEST_CASE("compressors give back what they took, in fewer bytes", "[compressors]") {
  for (const std::string& name : kNames)
    for (size_t size : {0, 1, 31, 33, 100'000}) {
      INFO(name << " " << size);
      auto compressor = make_plugin<Compressor>(name);
      std::string bytes = narrow_bytes(size), small = compressor->compress(bytes);
      CHECK(compressor->expand(small, size) == bytes);
      CHECK(compressor->compress(bytes) == small);
      if (size > 1000) CHECK(double(small.size()) < 0.7 * double(size));
    }
}

TEST_CASE("compressors write the formats they name", "[compressors]") {
  std::string bytes = narrow_bytes(1000);
  CHECK(make_plugin<Compressor>("zlib")->compress(bytes).substr(0, 2) == "\x78\xda");
  CHECK(make_plugin<Compressor>("zstd")->compress(bytes).substr(0, 4) == "\x28\xb5\x2f\xfd");
  std::string xz = make_plugin<Compressor>("lzma")->compress(bytes);
  CHECK(xz.substr(0, 6) == std::string("\xfd"
                                       "7zXZ\0",
                                       6));
  CHECK(xz[7] == 4);  // CRC-64
}

TEST_CASE("compressors refuse damaged input", "[compressors]") {
  for (const std::string& name : kNames) {
    INFO(name);
    auto compressor = make_plugin<Compressor>(name);
    std::string bytes = narrow_bytes(5000), small = compressor->compress(bytes);
    auto refused = [&](const std::string& input, size_t size) {
      CHECK_THROWS_WITH(compressor->expand(input, size), Catch::Contains(name + ": the data is damaged"));
    };
    refused("", 10);
    refused(small.substr(0, small.size() / 2), bytes.size());
    refused(small.substr(0, small.size() - 1), bytes.size());
    refused(small + "x", bytes.size());
    refused(small, bytes.size() - 1);
    refused(small, bytes.size() + 1);
    refused(small, 0);
    refused(std::string(100, '\xff'), bytes.size());
    bool checksum = name == "zlib" || name == "lzma";  // without one other bytes may come out, as many
    for (size_t at = 0; at < small.size(); at += 7) {
      std::string broken = small, out = bytes;
      broken[at] = char(broken[at] ^ 0x55);
      try {
        out = compressor->expand(broken, bytes.size());
      } catch (const Error&) {
      }
      CHECK(out.size() == bytes.size());
      if (checksum) CHECK(out == bytes);
    }
  }
}

TEST_CASE("byte shuffle and its inverse", "[compressors]") {
  CHECK(shuffle_bytes("1234567", 2) == "1357246");
  for (size_t size : {0, 1, 2, 3, 33, 77})
    for (size_t stride : {1, 2, 4, 100})
      CHECK(unshuffle_bytes(shuffle_bytes(narrow_bytes(size), stride), stride) == narrow_bytes(size));
  CHECK_THROWS_WITH(shuffle_bytes("12", 0), Catch::Contains("stride 0"));
}
