// SPDX-License-Identifier: Apache-2.0
// Copies ids, and writes -1 behind the end.
#include "ops/later_ids.h"

#include <caddie/kernel.h>

namespace caddie {
namespace {

struct CopyLater {
  const int32_t* ids;
  int32_t* out;
  int64_t first, length;
  CADDIE_FN void operator()(int64_t i) const { out[i] = first + i < length ? ids[first + i] : -1; }
};

}  // namespace

Ids later_ids(Ids sequence, int64_t first, int64_t count) {
  Ids out = result_ids(1, count);
  for_each(sequence.device, count,
           CopyLater{sequence.data, const_cast<int32_t*>(out.data), first, sequence.length});
  return out;
}

}  // namespace caddie
