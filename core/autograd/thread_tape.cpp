// SPDX-License-Identifier: Apache-2.0
// Keeps one tape for each thread and device.
#include "autograd/thread_tape.h"

#include <map>
#include <memory>

namespace caddie {

Tape& thread_tape(Device device) {
  thread_local std::map<Device, std::unique_ptr<Tape>> tapes;
  std::unique_ptr<Tape>& tape = tapes[device];
  if (!tape) tape = std::make_unique<Tape>(device);
  return *tape;
}

}  // namespace caddie
