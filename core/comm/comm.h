// SPDX-License-Identifier: Apache-2.0
// What the processes of one training say to each other, and which of them this one is.
#pragma once

#include <caddie/tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// The place of one process among those that train together.
struct Ranks {
  int rank = 0, size = 1;
  int local_rank = 0;              // among the processes of this machine
  std::string address;             // where rank 0 listens; empty when size is 1
  int port = 0;                    // likewise
  std::string source = "default";  // who said so, for messages: "flags", "torchrun", ...
};

/// What the command line says; -1 where it says nothing. `local_rank` is `rank` then.
struct RankFlags {
  int rank = -1, ranks = -1, local_rank = -1;
};

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char* name)>;

/// Flags, else the variables of torchrun, Open MPI, Slurm or PMI, in this order; else one rank. Throws Error
/// that names the variables when some of a launcher's are missing, when they are no ranks, or when two
/// launchers disagree and neither is known to have been started inside the other.
Ranks discover_ranks(const RankFlags& flags, const Environment& environment);
/// Reads the ranks from the environment of this process.
Ranks discover_ranks(const RankFlags& flags);

/// The first host of a Slurm node list: "gpu[03-05,9],login1" -> "gpu03".
std::string first_host(std::string_view node_list);

/// Collective operations: every rank calls the same ones in the same order. Throws Error when that fails, on
/// all ranks where it is seen.
class Comm {
 public:
  virtual ~Comm() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Where the memory lies that all_reduce and broadcast work on.
  virtual Device device() const = 0;

  /// data[i] = the sum of data[i] over the ranks, the same bits on each of them.
  virtual void all_reduce(float* data, int64_t count) = 0;
  virtual double all_reduce(double value) = 0;
  /// Copies `bytes` bytes from rank `root` to all others.
  virtual void broadcast(void* data, size_t bytes, int root) = 0;
  /// Returns when all ranks have called it.
  virtual void barrier() = 0;
};

/// One rank: everything is already as it should be.
std::unique_ptr<Comm> make_single_comm(Device device);

/// `size` ranks on the CPU, each for one thread of this process. Sums are taken in the order of the ranks.
/// When one is destroyed, calls of the others that would wait for it throw.
std::vector<std::unique_ptr<Comm>> make_thread_comms(int size);

/// Ranks on the CPU in processes of their own, on one machine or several, connected by TCP through rank 0.
/// Sums are taken in the order of the ranks. When a rank ends, or shows no life for `patience` seconds, calls
/// of the others that wait for it throw Error naming it. One that works alone may take its time.
std::unique_ptr<Comm> make_socket_comm(const Ranks& ranks, double patience = 60);

/// The communicator of this process: sockets on the CPU, NCCL on CUDA, which takes a build with it.
std::unique_ptr<Comm> open_comm(const Ranks& ranks, Device device);

/// What rank 0 passes as `bytes`, on every rank: rank 0 listens at ranks.port, the others come to
/// ranks.address. Throws Error when they have not all met within `seconds`.
std::string share_from_first_rank(const Ranks& ranks, const std::string& bytes, double seconds);

}  // namespace caddie
