// SPDX-License-Identifier: Apache-2.0
// Declares what differs between devices: memory, matrix products and attention. Everything else is written
// once, as kernels. It also says which device a run uses.
#pragma once

#include <caddie/tensor.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "device/attention.h"
#include "device/gemm.h"

namespace caddie {

/// Computes on one device and holds its memory. Several threads may call it at once.
class Backend {
 public:
  virtual ~Backend() = default;
  /// Returns memory that is aligned to 64 bytes at least and whose contents are unspecified. Throws Error
  /// when there is none.
  virtual void* allocate(size_t bytes) = 0;
  /// Takes back memory that allocate() gave for as many bytes.
  virtual void release(void* memory, size_t bytes) = 0;
  virtual void zero(void* memory, size_t bytes) = 0;
  /// These copy from the host to the device, from the device to the host, and on the device.
  virtual void copy_in(void* device, const void* host, size_t bytes) = 0;
  virtual void copy_out(void* host, const void* device, size_t bytes) = 0;
  virtual void copy_within(void* to, const void* from, size_t bytes) = 0;

  /// These four keep the contracts of device/gemm.h and device/attention.h. On CUDA equal calls give equal
  /// bits, but the bits of an element may depend on the sizes too.
  virtual void gemm(Transpose ta, Transpose tb, int64_t m, int64_t n, int64_t k, float alpha, const float* a,
                    int64_t lda, const float* b, int64_t ldb, float beta, float* c, int64_t ldc) = 0;
  virtual void syrk(int64_t m, int64_t k, float alpha, const float* a, int64_t lda, float beta, float* c,
                    int64_t ldc) = 0;
  virtual void attention_forward(const AttentionShape& shape, float scale, const float* q, const float* k,
                                 const float* v, float* y, float* log_sum) = 0;
  virtual void attention_backward(const AttentionShape& shape, float scale, const float* q, const float* k,
                                  const float* v, const float* y, const float* log_sum, const float* dy,
                                  float* dq, float* dk, float* dv) = 0;
};

/// Returns the one CPU backend.
Backend& cpu_backend();
/// Opens the CUDA library on first use. Throws Error, saying why, when there is no usable device.
Backend& cuda_backend();
inline Backend& backend(Device device) { return device == Device::kCpu ? cpu_backend() : cuda_backend(); }

/// Returns a function of the opened CUDA library, or null when it has none of that name.
void* cuda_symbol(const char* name);
/// These set and return which process of this machine this is, from 0: it uses the CUDA device of that
/// number, or the only visible one. The number must be set before CUDA is first used.
void set_local_rank(int local_rank);
int local_rank();

/// Returns the device for "cpu", "cuda" or "auto", as the user wrote it. "cuda" throws Error without a usable
/// device; "auto" falls back to the CPU and then sets `note` to one line that says why.
Device choose_device(std::string_view wish, std::string* note);

}  // namespace caddie
