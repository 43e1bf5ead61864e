// SPDX-License-Identifier: Apache-2.0
// Stores one byte a weight, the nearest float of 8 bits: 4 of exponent, 3 of fraction, without a scale
// (E4M3). Source: arXiv:2209.05433; github.com/openai/parameter-golf, pull request 640.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct Fp8 final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    constexpr float kLargest = 448;
    Rows rows(weight, info);
    std::string bytes(size_t(weight.numel()), '\0');
    rows.each([&](int64_t r, std::span<const float> row) {
      char* out = bytes.data() + r * int64_t(row.size());
      for (size_t i = 0; i < row.size(); ++i) {
        check(std::abs(row[i]) <= kLargest, "fp8: {} holds {}; a float of 8 bits ends at {}", info.name,
              row[i], kLargest);
        out[i] = char(to_e4m3(row[i]));
      }
    });
    return {{"e4m3", Type::kInt8, weight.shape(), std::move(bytes)}};
  }
  void unpack(const Packed& packed, Tensor& weight) const override {
    check(packed.size() == 1 && packed[0].type == Type::kInt8 &&
              int64_t(packed[0].bytes.size()) == weight.numel(),
          "fp8: the arrays do not fit a weight of shape {}", weight.shape());
    Tensor host = on_host(weight);
    for (int64_t i = 0; i < weight.numel(); ++i)
      host.data()[i] = from_e4m3(uint8_t(packed[0].bytes[size_t(i)]));
    if (host.data() != weight.data()) copy(host, weight);
  }
};

CADDIE_PLUGIN(Fp8, .summary = "A float of 8 bits for each weight.",
              .source = "arXiv:2209.05433; github.com/openai/parameter-golf, pull request 640");
