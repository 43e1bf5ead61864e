// SPDX-License-Identifier: Apache-2.0
// Aligned memory for packed matrices and for the kernels' scratch.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace caddie {

/// Floats aligned to 64 bytes; buffers of 2 MiB and more lie on huge pages where the system grants them. Not
/// initialised.
class Buffer {
 public:
  /// At least `floats` floats; what was there is lost if the buffer has to grow.
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
