// SPDX-License-Identifier: Apache-2.0
// Connects processes with a GPU each, by NCCL on the stream of the process. It is part of caddie_cuda.so.
#include <nccl.h>

#include "comm/comm.h"
#include "device/cuda/stream.h"

namespace caddie {
namespace {

constexpr double kMeetSeconds = 300;

class NcclComm final : public Comm {
 public:
  explicit NcclComm(const Ranks& ranks) : rank_(ranks.rank), size_(ranks.size) {
    ncclUniqueId id = {};
    if (rank_ == 0) check_nccl(ncclGetUniqueId(&id), "making an id");
    std::string bytes =
        share_from_first_rank(ranks, std::string(id.internal, sizeof id.internal), kMeetSeconds);
    check(bytes.size() == sizeof id.internal, "nccl: rank 0 sent an id of {} bytes, wanted {}", bytes.size(),
          sizeof id.internal);
    bytes.copy(id.internal, sizeof id.internal);
    cuda_stream();  // This makes the device of this process current.
    check_cuda(cudaMalloc(reinterpret_cast<void**>(&number_), sizeof(double)), "allocating memory");
    check_nccl(ncclCommInitRank(&comm_, size_, id, rank_), "joining the ranks");
  }
  ~NcclComm() override {
    ncclCommDestroy(comm_);
    cudaFree(number_);
  }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Device device() const override { return Device::kCuda; }

  void all_reduce(float* data, int64_t count) override {
    if (count == 0) return;
    check_nccl(ncclAllReduce(data, data, size_t(count), ncclFloat, ncclSum, comm_, cuda_stream()),
               "all_reduce");
  }
  double all_reduce(double value) override {
    copy(number_, &value, cudaMemcpyHostToDevice);
    check_nccl(ncclAllReduce(number_, number_, 1, ncclDouble, ncclSum, comm_, cuda_stream()), "all_reduce");
    copy(&value, number_, cudaMemcpyDeviceToHost);
    return value;
  }
  void broadcast(void* data, size_t bytes, int root) override {
    check(root >= 0 && root < size_, "broadcast: there is no rank {} among {}", root, size_);
    if (bytes == 0) return;
    check_nccl(ncclBroadcast(data, data, bytes, ncclChar, root, comm_, cuda_stream()), "broadcast");
  }
  void barrier() override { all_reduce(0.0); }

 private:
  /// Copies one number and waits for it. Throws Error when this or an earlier operation failed.
  void copy(double* to, const double* from, cudaMemcpyKind kind) {
    check_cuda(cudaMemcpyAsync(to, from, sizeof(double), kind, cuda_stream()), "copying");
    check_cuda(cudaStreamSynchronize(cuda_stream()), "an operation on the device");
    ncclResult_t later = ncclSuccess;
    check_nccl(ncclCommGetAsyncError(comm_, &later), "asking for errors");
    check_nccl(later, "an earlier operation");
  }
  void check_nccl(ncclResult_t status, const char* what) {
    check(status == ncclSuccess, "nccl: {} failed on rank {} of {}: {} {}", what, rank_, size_,
          ncclGetErrorString(status), status == ncclSuccess ? "" : ncclGetLastError(comm_));
  }

  int rank_, size_;
  ncclComm_t comm_ = nullptr;
  double* number_ = nullptr;
};

}  // namespace
}  // namespace caddie

/// Returns the communicator of this process, which the caller owns. The CUDA backend must be open already.
extern "C" CADDIE_API caddie::Comm* caddie_open_nccl(const caddie::Ranks& ranks) {
  return new caddie::NcclComm(ranks);
}
