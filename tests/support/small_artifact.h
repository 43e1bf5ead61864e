// SPDX-License-Identifier: Apache-2.0
// Weights, quantizers and a compressor that are so plain that a test can say each byte of their artifact.
#pragma once

#include <caddie/random.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "export/artifact.h"
#include "export/quantize.h"
#include "support/backwards.h"

namespace caddie::testing {

/// Keeps the bytes as they are, so that tests can reach into the payload.
struct Store final : Compressor {
  std::string compress(std::string_view bytes) override { return std::string(bytes); }
  std::string expand(std::string_view bytes, size_t size) const override {
    check(bytes.size() == size, "store: {} bytes are not {}", bytes.size(), size);
    return std::string(bytes);
  }
};

/// Whole numbers in "q", with a float16 "scale" of 1 for each row and the float32 "bias" that is left over.
struct Whole final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Array q{"q", Type::kInt8, info.shape, {}};
    Array scale{"scale", Type::kFloat16, Shape{info.shape.rows()}, {}};
    Array rest{"rest", Type::kFloat32, info.shape, {}};
    for (int64_t i = 0; i < weight.numel(); ++i) {
      float whole = std::nearbyint(weight.data()[i]), left = weight.data()[i] - whole;
      q.bytes += char(int8_t(whole));
      rest.bytes.append(reinterpret_cast<const char*>(&left), sizeof left);
    }
    for (int64_t r = 0; r < info.shape.rows(); ++r) scale.bytes += std::string("\x00\x3c", 2);
    return {q, scale, rest};
  }
  void unpack(const Packed& packed, Tensor& weight) const override {
    check(packed.size() == 3 && int64_t(packed[0].bytes.size()) == weight.numel(), "whole: other arrays");
    for (int64_t i = 0; i < weight.numel(); ++i) {
      float left;
      std::memcpy(&left, packed[2].bytes.data() + 4 * i, sizeof left);
      weight.data()[i] = float(int8_t(packed[0].bytes[size_t(i)])) + left;
    }
  }
};

inline Routed routed(const std::string& plugin, std::unique_ptr<Plugin> object, std::vector<int> weights) {
  Routed one;
  one.technique.plugin = plugin;
  one.technique.object = std::move(object);
  one.weights = std::move(weights);
  return one;
}

/// Six weights of every role, one of them empty, that two quantizers share.
struct SmallArtifact {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;
  std::vector<Routed> quantizers;
  Store store;
  Backwards backwards;

  SmallArtifact() {
    add("tok.weight", {33, 3}, Role::kEmbedding, Place::kTokens, "model");
    add("blocks.0.q.weight", {7, 31}, Role::kMatrix, Place::kQuery, "model");
    add("blocks.1.q.weight", {7, 31}, Role::kMatrix, Place::kQuery, "model");
    add("gate.empty", {0, 5}, Role::kMatrix, Place::kOther, "gate");
    add("gate.scale", {77}, Role::kVector, Place::kOther, "gate");
    add("gate.one", {}, Role::kScalar, Place::kOther, "gate");
    route("matrices", {0, 1, 2, 3});
    route("others", {4, 5});
  }
  void add(const std::string& name, const Shape& shape, Role role, Place place, const std::string& owner) {
    infos.push_back({name, shape, role, place, -1, owner, Init::normal(0.5)});
    Tensor value(shape);
    Rng rng(7, name);
    for (int64_t i = 0; i < value.numel(); ++i) value.data()[i] = float(8 * rng.normal());
    values.push_back(value);
  }
  void route(const std::string& label, std::vector<int> weights) {
    quantizers.push_back(routed("whole", std::make_unique<Whole>(), std::move(weights)));
    quantizers.back().technique.label = label;
  }
  Artifact artifact() {
    Artifact made = quantize(infos, values, quantizers);
    made.compressor = "store";
    return made;
  }
  std::string bytes() { return encode(artifact(), store); }
  Artifact read(std::string_view file, size_t limit = kPayloadLimit) {
    return decode(
        file, [&](const std::string&) -> const Compressor& { return store; }, limit,
        [&](const std::string&) -> const Layout& { return backwards; });
  }
  std::vector<Tensor> restore(const Artifact& from) {
    std::vector<Routed> others;  // all that they need is in the arrays
    others.push_back(routed("whole", std::make_unique<Whole>(), {}));
    return dequantize(from, infos, others);
  }
};

/// Checks that a file is refused with any one of its bits flipped.
inline void check_flipped_bits_are_refused(SmallArtifact& f, const std::string& bytes) {
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = char(damaged[bit / 8] ^ (1 << bit % 8));
    INFO(bit);
    CHECK_THROWS_AS(f.read(damaged), Error);
  }
}

/// One tensor "w" of shape [2,3] with one int8 array "q" of that shape.
inline Artifact tiny() { return {{{"w", "whole", {2, 3}, {{"q", Type::kInt8, {2, 3}, "abcdef"}}}}, "store"}; }

inline std::string sealed(std::string_view payload) {
  Store store;
  return seal(payload, "store", store);
}

}  // namespace caddie::testing
