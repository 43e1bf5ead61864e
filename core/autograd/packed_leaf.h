// SPDX-License-Identifier: Apache-2.0
// A weight laid out for matrix products, once for all that use it between two changes.
#pragma once

#include <caddie/tensor.h>

#include <atomic>
#include <mutex>

#include "device/gemm.h"

namespace caddie {

/// Both orientations of one weight [out, in] on the CPU, packed when first asked for. Threads may share it.
class PackedLeaf {
 public:
  /// kYes: the right factor w^T [in, out] of a forward product; kNo: w [out, in] itself, for the gradient of
  /// the input. Bits do not depend on who packed.
  const PackedMatrix& get(Transpose transpose, const Tensor& weight);
  /// The weight has changed. No thread may be inside get(), nor use what it gave.
  void forget();

 private:
  struct Side {
    std::mutex mutex;
    std::atomic<bool> ready = false;
    PackedMatrix matrix;
  };
  Side sides_[2];
};

}  // namespace caddie
