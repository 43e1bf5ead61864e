// SPDX-License-Identifier: Apache-2.0
// Keeps a weight as it is, in half precision: one array "value" of float16.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct Float16 final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    return pack_floats(weight, info, Type::kFloat16);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_floats(packed, weight); }
};

CADDIE_PLUGIN(Float16, .summary = "Weights stored in half precision.", .source = "IEEE 754");
