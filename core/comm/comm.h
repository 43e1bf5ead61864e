// SPDX-License-Identifier: Apache-2.0
// Declares the collective operations of the processes that train together, and finds out which of these
// processes this one is.
#pragma once

#include <caddie/tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Says which process this is among those that train together.
struct Ranks {
  int rank = 0, size = 1;
  int local_rank = 0;              // the rank among the processes of this machine
  std::string address;             // where rank 0 listens; empty when size is 1
  int port = 0;                    // the port that rank 0 listens at; 0 when size is 1
  std::string source = "default";  // the name of who said so, for messages: "flags", "torchrun", ...
};

/// Holds what the command line says of the ranks, -1 where it says nothing. Where it gives no local rank,
/// `rank` counts as the local one too.
struct RankFlags {
  int rank = -1, ranks = -1, local_rank = -1;
};

/// Returns the value of the environment variable `name`, or null when it is not set.
using Environment = std::function<const char*(const char* name)>;

/// Returns the ranks from the flags, else from the variables of torchrun, Open MPI, Slurm or PMI, in this
/// order; else one rank. Throws Error that names the variables when some of a launcher's are missing, when
/// they are no ranks, or when two launchers disagree and neither is known to have been started inside the
/// other.
Ranks discover_ranks(const RankFlags& flags, const Environment& environment);
/// Reads the ranks from the environment of this process.
Ranks discover_ranks(const RankFlags& flags);

/// Returns the first host of a Slurm node list, such as "gpu03" of "gpu[03-05,9],login1". Throws Error when a
/// bracket is not closed.
std::string first_host(std::string_view node_list);

/// Runs collective operations: every rank calls the same ones in the same order. They throw Error on all
/// ranks that see that one fails.
class Comm {
 public:
  virtual ~Comm() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Returns the device of the memory that all_reduce and broadcast work on.
  virtual Device device() const = 0;

  /// Sets data[i] to the sum of data[i] over the ranks, with the same bits on each of them.
  virtual void all_reduce(float* data, int64_t count) = 0;
  /// Returns the sum of the ranks' values, with the same bits on each of them.
  virtual double all_reduce(double value) = 0;
  /// Copies `bytes` bytes from rank `root` to all others.
  virtual void broadcast(void* data, size_t bytes, int root) = 0;
  /// Returns when all ranks have called it.
  virtual void barrier() = 0;
};

/// Makes the communicator of a single rank, whose operations leave everything as it is.
std::unique_ptr<Comm> make_single_comm(Device device);

/// Makes `size` ranks on the CPU, each for one thread of this process. Sums are taken in the order of the
/// ranks. When one is destroyed, calls of the others that would wait for it throw.
std::vector<std::unique_ptr<Comm>> make_thread_comms(int size);

/// Connects ranks on the CPU that are processes of their own, on one machine or several, by TCP through rank
/// 0. Sums are taken in the order of the ranks. When a rank ends, or shows no life for `patience` seconds,
/// calls of the others that wait for it throw Error naming it. One that works alone may take its time.
std::unique_ptr<Comm> make_socket_comm(const Ranks& ranks, double patience = 60);

/// Makes the communicator of this process: sockets on the CPU, NCCL on CUDA. Throws Error when there are
/// several ranks on CUDA and the build has no NCCL.
std::unique_ptr<Comm> open_comm(const Ranks& ranks, Device device);

/// Returns on every rank what rank 0 passes as `bytes`. Rank 0 listens at ranks.port, and the others come to
/// ranks.address. Throws Error when they have not all met within `seconds`.
std::string share_from_first_rank(const Ranks& ranks, const std::string& bytes, double seconds);

}  // namespace caddie
