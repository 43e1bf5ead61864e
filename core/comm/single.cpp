// SPDX-License-Identifier: Apache-2.0
// Implements the communicator of a single rank, whose operations leave all data as they are.
#include "comm/comm.h"

namespace caddie {
namespace {

class SingleComm final : public Comm {
 public:
  explicit SingleComm(Device device) : device_(device) {}
  int rank() const override { return 0; }
  int size() const override { return 1; }
  Device device() const override { return device_; }
  void all_reduce(float*, int64_t) override {}
  double all_reduce(double value) override { return value; }
  void broadcast(void*, size_t, int root) override {
    check(root == 0, "broadcast: there is no rank {}", root);
  }
  void barrier() override {}

 private:
  Device device_;
};

}  // namespace

std::unique_ptr<Comm> make_single_comm(Device device) { return std::make_unique<SingleComm>(device); }

}  // namespace caddie
