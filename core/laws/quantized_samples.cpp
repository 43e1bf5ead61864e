// SPDX-License-Identifier: Apache-2.0
// Each row of a sample has its own step, a third of its largest magnitude.
#include "laws/quantized_samples.h"

#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>

#include "laws/samples.h"

namespace caddie {

Packed coarsely_packed(const Tensor& weight) {
  constexpr int kTop = 3;
  Rows rows(weight, weight_info("w", weight.shape()));
  std::vector<Grid> grids;
  for (int64_t r = 0; r < rows.count(); ++r) {
    float largest = 0;
    for (float x : rows.row(r)) largest = std::max(largest, std::abs(x));
    grids.push_back({largest / kTop, -kTop, kTop});
  }
  return pack_rows(rows, grids, Type::kFloat16);
}

Tensor coarsely_restored(const Packed& packed, const Shape& shape) {
  Tensor weight(shape);
  unpack_rows(packed, weight);
  return weight;
}

SparsePackage::SparsePackage() {
  for (int64_t rows : {1, 7, 31}) {
    infos.push_back(weight_info("w" + std::to_string(rows), {rows, 33}));
    packed.push_back(coarsely_packed(random_tensor({rows, 33}, "weight")));
  }
  for (size_t i = 0; i < infos.size(); ++i) all.push_back({&infos[i], &packed[i]});
}

int64_t SparsePackage::bytes() {
  int64_t count = 0;
  for (const Packed& arrays : packed)
    count +=
        int64_t(arrays[0].bytes.size()) - std::count(arrays[0].bytes.begin(), arrays[0].bytes.end(), '\0');
  return count;
}

}  // namespace caddie
