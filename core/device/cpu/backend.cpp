// SPDX-License-Identifier: Apache-2.0
// Implements the CPU backend by the kernels of this folder.
#include <cstdlib>
#include <cstring>

#include "base/out_of_memory.h"
#include "device/cpu/buffer.h"
#include "device/device.h"

namespace caddie {
namespace {

class CpuBackend final : public Backend {
 public:
  void* allocate(size_t bytes) override {
    void* memory = allocate_aligned(bytes);
    if (!memory) throw OutOfMemory(message("out of memory: {} bytes asked for", {bytes}));
    return memory;
  }
  void release(void* memory, size_t) override { std::free(memory); }
  void zero(void* memory, size_t bytes) override { std::memset(memory, 0, bytes); }
  void copy_in(void* device, const void* host, size_t bytes) override { std::memcpy(device, host, bytes); }
  void copy_out(void* host, const void* device, size_t bytes) override { std::memcpy(host, device, bytes); }
  void copy_within(void* to, const void* from, size_t bytes) override { std::memcpy(to, from, bytes); }

  void gemm(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
            int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) override {
    caddie::gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }
  void syrk(int64_t m, int64_t k, float alpha, const float* a, int64_t lda, float beta, float* c,
            int64_t ldc) override {
    caddie::syrk(m, k, alpha, a, lda, beta, c, ldc);
  }
  void attention_forward(const AttentionShape& shape, float scale, const float* q, const float* k,
                         const float* v, float* y, float* log_sum) override {
    caddie::attention_forward(shape, scale, q, k, v, y, log_sum);
  }
  void attention_backward(const AttentionShape& shape, float scale, const float* q, const float* k,
                          const float* v, const float* y, const float* log_sum, const float* dy, float* dq,
                          float* dk, float* dv) override {
    caddie::attention_backward(shape, scale, q, k, v, y, log_sum, dy, dq, dk, dv);
  }
};

}  // namespace

Backend& cpu_backend() {
  // It is never destroyed, because memory is given back to it until the very end of the program.
  static CpuBackend& backend = *new CpuBackend;
  return backend;
}

}  // namespace caddie
