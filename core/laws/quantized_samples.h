// SPDX-License-Identifier: Apache-2.0
// Makes quantized weights of a few bits a number, without any quantizer.
#pragma once

#include <caddie/export_slots.h>

#include <vector>

namespace caddie {

/// Returns integers from -3 to 3 as array "q" and a step for each row as array "scale", in float16.
Packed coarsely_packed(const Tensor& weight);
/// Returns the numbers that the arrays stand for, under that shape.
Tensor coarsely_restored(const Packed& packed, const Shape& shape);

/// Holds quantized matrices, of which each integer other than zero takes a byte.
struct SparsePackage final : Package {
  std::vector<WeightInfo> infos;
  std::vector<Packed> packed;
  std::vector<PackedWeight> all;
  int64_t limit = 0;

  SparsePackage();
  std::span<const PackedWeight> weights() override { return all; }
  int64_t bytes() override;
  int64_t limit_bytes() const override { return limit; }
};

}  // namespace caddie
