// SPDX-License-Identifier: Apache-2.0
// Packs each orientation once; the threads that ask meanwhile wait for the one that packs.
#include "autograd/packed_leaf.h"

namespace caddie {

const PackedMatrix& PackedLeaf::get(Transpose transpose, const Tensor& weight) {
  Side& side = sides_[transpose == Transpose::kYes];
  if (side.ready.load(std::memory_order_acquire)) return side.matrix;
  std::lock_guard lock(side.mutex);
  if (!side.ready.load(std::memory_order_relaxed)) {
    int64_t out = weight.shape()[0], in = weight.shape()[1];
    if (transpose == Transpose::kYes)
      side.matrix.pack(transpose, in, out, weight.data(), in);
    else
      side.matrix.pack(transpose, out, in, weight.data(), in);
    side.ready.store(true, std::memory_order_release);
  }
  return side.matrix;
}

void PackedLeaf::forget() {
  for (Side& side : sides_) side.ready.store(false, std::memory_order_relaxed);
}

}  // namespace caddie
