// SPDX-License-Identifier: Apache-2.0
// Defines the kernel that adds one tensor to another.
#pragma once

#include <caddie/kernel.h>

namespace caddie {

struct AddTo {
  const float* from;
  float* to;
  CADDIE_FN void operator()(int64_t i) const { to[i] += from[i]; }
};

}  // namespace caddie
