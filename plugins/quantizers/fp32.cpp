// SPDX-License-Identifier: Apache-2.0
// Keeps a weight as it is, in full precision: one array "value" of float32.
#include <caddie/plugin.h>
#include <caddie/quantize.h>
using namespace caddie;

struct Float32 final : Quantizer {
  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    return pack_floats(weight, info, Type::kFloat32);
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_floats(packed, weight); }
};

CADDIE_PLUGIN(Float32, .summary = "Weights stored in full precision.", .source = "IEEE 754");
