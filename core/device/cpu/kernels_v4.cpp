// SPDX-License-Identifier: Apache-2.0
// Compiles the kernels for x86-64-v4 (AVX-512).
#include "device/cpu/attention_kernel.inl"
#include "device/cpu/gemm_kernel.inl"

namespace caddie {

extern const CpuKernels kKernelsV4{.name = "v4",
                                   .panel_columns = kTileColumns,
                                   .block_columns = 512,
                                   .product_floats = kSlivers * kSliverFloats,
                                   .pack = pack_block,
                                   .multiply = multiply_block,
                                   .mirror = mirror,
                                   .attention_forward = attention_forward_kernel,
                                   .attention_backward = attention_backward_kernel};

}  // namespace caddie
