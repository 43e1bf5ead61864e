// SPDX-License-Identifier: Apache-2.0
// Lays a weight out for matrix products once, for all products between two changes of the weight.
#pragma once

#include <caddie/tensor.h>

#include <atomic>
#include <mutex>

#include "device/gemm.h"

namespace caddie {

/// Holds both orientations of one weight [out, in] on the CPU, each packed when it is first asked for.
/// Several threads may share it.
class PackedLeaf {
 public:
  /// Returns the right factor of a product: for kYes w^T [in, out], as a forward pass wants it, for kNo
  /// w [out, in] itself, as the gradient of the input wants it. The bits do not depend on the thread that
  /// packed.
  const PackedMatrix& get(Transpose transpose, const Tensor& weight);
  /// Drops what was packed, because the weight has changed. No thread may be inside get() or use what it
  /// gave.
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
