// SPDX-License-Identifier: Apache-2.0
// Artifacts: decode() returns or throws Error. An input whose first byte is odd is the payload of a file with
// a good hash, because no mutation would guess one; any other is the file itself.
#include "export/artifact.h"
#include "fuzz/target.h"
#include "support/backwards.h"

namespace caddie::fuzz::artifact {

constexpr size_t kLimit = size_t(1) << 20;

struct Store final : Compressor {
  std::string compress(std::string_view bytes) override { return std::string(bytes); }
  std::string expand(std::string_view bytes, size_t size) const override {
    require(size <= kLimit);
    check(bytes.size() == size, "store: {} bytes are not {}", bytes.size(), size);
    return std::string(bytes);
  }
};

const testing::Backwards kBackwards;

Artifact read(std::string_view file, const Store& store) {
  return decode(
      file, [&](const std::string&) -> const Compressor& { return store; }, kLimit,
      [](const std::string&) -> const Layout& { return kBackwards; });
}

/// One tensor with a correction, whose integers are in a layout.
Artifact corrected() {
  Array integers{"q", Type::kInt8, {2, 3}, "abcdef"}, half{"s", Type::kFloat16, {}, "hH"};
  return {{{"w", "z", {2, 3}, {integers}, {{"fix", {half}}}}}, "store", {}, "backwards"};
}

std::vector<std::string> seeds() {
  Store store;
  std::string payload = payload_of(Artifact()), third = payload_of(corrected(), &kBackwards);
  return {seal(payload, "store", store), "\x01" + payload, seal(third, "store", store), "\x01" + third,
          "\x01" + payload_of(corrected())};
}

void run(std::string_view bytes) {
  Store store;
  bool payload_only = !bytes.empty() && bytes[0] % 2 != 0;
  try {
    if (payload_only) {
      std::string_view payload = bytes.substr(1);
      // What is accepted has one spelling only.
      Artifact artifact = read(seal(payload, "store", store), store);
      require(payload_of(artifact, artifact.layout.empty() ? nullptr : &kBackwards) == payload);
    } else {
      read(bytes, store);
    }
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(artifact)

}  // namespace caddie::fuzz::artifact
