// SPDX-License-Identifier: Apache-2.0
// Keeps one tape for each thread and device.
#include "autograd/thread_tape.h"

#include <memory>

#include "device/device.h"

namespace caddie {

Tape& thread_tape(Device device) {
  thread_local std::map<Device, std::unique_ptr<Tape>> tapes;
  std::unique_ptr<Tape>& tape = tapes[device];
  if (!tape) tape = std::make_unique<Tape>(device);
  return *tape;
}

Ids place_ids(Tape& tape, const int32_t* host, int64_t rows, int64_t length) {
  if (tape.device() == Device::kCpu) return {host, rows, length, Device::kCpu};
  int32_t* ids = tape.ids(rows * length);
  backend(tape.device()).copy_in(ids, host, size_t(rows * length) * sizeof(int32_t));
  return {ids, rows, length, tape.device()};
}

}  // namespace caddie
