// SPDX-License-Identifier: Apache-2.0
// Kernels on every instruction set that the processor has.
#pragma once

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "device/cpu/kernels.h"

namespace caddie::testing {

using Floats = std::vector<float>;

inline Floats random_floats(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Floats values(count);
  for (float& x : values) x = normal(generator);
  return values;
}

/// Runs `body` once on each instruction set, and restores the one in use.
template <class Body>
void on_each_isa(Body body) {
  const CpuKernels& before = cpu_kernels();
  for (const char* name : {"v3", "v4"}) {
    const CpuKernels* kernels = find_cpu_kernels(name);
    if (kernels == nullptr) {
      WARN("this processor lacks x86-64-" << name);
      continue;
    }
    use_cpu_kernels(*kernels);
    INFO("instruction set " << name);
    CHECK(isa_name() == std::string(name));
    body();
  }
  use_cpu_kernels(before);
}

}  // namespace caddie::testing
