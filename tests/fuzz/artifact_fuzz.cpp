// SPDX-License-Identifier: Apache-2.0
// libFuzzer target for the artifact reader: whatever the bytes, decode() returns or throws Error.
//
//   cmake --preset release -DCADDIE_FUZZ=ON && cmake --build --preset release --target artifact-fuzz
//   mkdir -p build/corpus
//   build/release/bin/artifact-fuzz -max_total_time=600 -rss_limit_mb=512 build/corpus
//
// It needs clang++, and keeps interesting inputs in build/corpus. An input whose first byte is odd is the
// payload of a file with a good hash, because no mutation would guess one; any other is the file itself.
#include <cstdint>
#include <cstring>
#include <string_view>

#include "export/artifact.h"

using namespace caddie;

namespace {

constexpr size_t kLimit = size_t(1) << 20;

struct Store final : Compressor {
  std::string compress(std::string_view bytes) override { return std::string(bytes); }
  std::string expand(std::string_view bytes, size_t size) const override {
    if (size > kLimit) __builtin_trap();
    check(bytes.size() == size, "store: {} bytes are not {}", bytes.size(), size);
    return std::string(bytes);
  }
};

Artifact read(std::string_view file, const Store& store) {
  return decode(
      file, [&](const std::string&) -> const Compressor& { return store; }, kLimit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Store store;
  bool payload_only = size > 0 && data[0] % 2 == 1;
  try {
    if (payload_only) {
      std::string_view payload = bytes.substr(1);
      // What is accepted has one spelling only.
      if (payload_of(read(seal(payload, "store", store), store)) != payload) __builtin_trap();
    } else {
      read(bytes, store);
    }
  } catch (const Error&) {
  }
  return 0;
}
