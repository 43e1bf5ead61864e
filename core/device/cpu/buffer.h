// SPDX-License-Identifier: Apache-2.0
// Owns aligned memory for packed matrices and for the scratch of the kernels.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace caddie {

/// Owns floats that are aligned to 64 bytes and not initialised. Buffers of 2 MiB and more lie on huge pages
/// where the system grants them.
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
