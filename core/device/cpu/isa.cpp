// SPDX-License-Identifier: Apache-2.0
// Chooses the kernels for the instruction set of the processor at hand.
#include <caddie/error.h>

#include <cstdlib>
#include <cstring>

#include "device/cpu/kernels.h"

namespace caddie {
namespace {

const CpuKernels*& chosen() {
  static const CpuKernels* kernels = &choose_cpu_kernels(std::getenv("CADDIE_ISA"));
  return kernels;
}

}  // namespace

const CpuKernels* find_cpu_kernels(const char* name) {
  // Clang cannot be asked for levels such as "x86-64-v3" here. Every processor that has these features has
  // the rest of its level.
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  if (std::strcmp(name, "v3") == 0 && v3) return &kKernelsV3;
  if (std::strcmp(name, "v4") == 0 && v4) return &kKernelsV4;
  return nullptr;
}

const CpuKernels& choose_cpu_kernels(const char* wanted) {
  if (wanted != nullptr && *wanted != 0) {
    const CpuKernels* found = find_cpu_kernels(wanted);
    check(found != nullptr,
          "CADDIE_ISA: \"{}\" is not an instruction set of this processor; use v3 or v4, or unset it",
          wanted);
    return *found;
  }
  for (const char* name : {"v4", "v3"}) {
    if (const CpuKernels* found = find_cpu_kernels(name)) return *found;
  }
  fail("device: this processor lacks AVX2 and FMA, which the kernels need (x86-64-v3, 2013 and later)");
}

const CpuKernels& cpu_kernels() { return *chosen(); }
void use_cpu_kernels(const CpuKernels& kernels) { chosen() = &kernels; }
const char* isa_name() { return cpu_kernels().name; }

}  // namespace caddie
