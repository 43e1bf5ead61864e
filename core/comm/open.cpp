// SPDX-License-Identifier: Apache-2.0
// Makes the communicator that fits the number of ranks and the device.
#include "comm/comm.h"
#include "device/device.h"

namespace caddie {

std::unique_ptr<Comm> open_comm(const Ranks& ranks, Device device) {
  if (ranks.size == 1) return make_single_comm(device);
  if (device == Device::kCpu) return make_socket_comm(ranks);
  cuda_backend();  // This throws, saying why, when there is no CUDA.
  using Open = Comm* (*)(const Ranks&);
  auto open = reinterpret_cast<Open>(cuda_symbol("caddie_open_nccl"));
  check(open != nullptr, "{} ranks (from {}): this build has no NCCL; set NCCL_HOME and configure it again",
        ranks.size, ranks.source);
  return std::unique_ptr<Comm>(open(ranks));
}

}  // namespace caddie
