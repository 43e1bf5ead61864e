// SPDX-License-Identifier: Apache-2.0
// Allocates aligned memory, and owns some for packed matrices and for the scratch of the kernels.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace caddie {

/// Returns the bytes that allocate_aligned() takes for `bytes`: a multiple of 64, or of 2 MiB from there on.
size_t aligned_size(size_t bytes);
/// Returns memory that is aligned to 64 bytes and not initialised, for std::free(); null when there is none.
/// 2 MiB and more lie on huge pages where the system grants them.
void* allocate_aligned(size_t bytes);

/// Owns floats that are aligned to 64 bytes and not initialised.
class Buffer {
 public:
  /// Returns memory for at least `floats` floats; what was there is lost if the buffer has to grow.
  float* reserve(int64_t floats);
  float* data() { return data_.get(); }
  const float* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float, Free> data_;
  int64_t floats_ = 0;
};

}  // namespace caddie
