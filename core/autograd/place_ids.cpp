// SPDX-License-Identifier: Apache-2.0
// Copies token ids where the device cannot read those of the host.
#include "autograd/place_ids.h"

#include "device/device.h"

namespace caddie {

Ids place_ids(Tape& tape, const int32_t* host, int64_t rows, int64_t length) {
  if (tape.device() == Device::kCpu) return {host, rows, length, Device::kCpu};
  int32_t* ids = tape.ids(rows * length);
  backend(tape.device()).copy_in(ids, host, size_t(rows * length) * sizeof(int32_t));
  return {ids, rows, length, tape.device()};
}

}  // namespace caddie
