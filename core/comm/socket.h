// SPDX-License-Identifier: Apache-2.0
// Connects the processes of one training, which find each other through rank 0.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "comm/comm.h"

namespace caddie {

/// Owns one connection, or a port.
class Socket {
 public:
  /// Says how a transfer ended: complete, closed by the other side, or without any movement for too long.
  enum class Outcome { kDone, kClosed, kSilent };

  explicit Socket(int handle = -1) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Socket();
  int handle() const { return handle_; }
  bool open() const { return handle_ >= 0; }

  /// Sends all bytes. Returns kClosed when the other side closes first, and kSilent when nothing moves for
  /// `patience` seconds.
  Outcome send(const void* data, size_t bytes, double patience);
  /// Receives all bytes, with the outcomes of send().
  Outcome receive(void* data, size_t bytes, double patience);

  /// Waits until something can be read or accepted; returns false when `seconds` pass first.
  bool can_read(double seconds) const;
  /// Waits until something can be written; returns false when `seconds` pass first.
  bool can_write(double seconds) const;

 private:
  bool wait(short event, double seconds) const;
  template <class Move>
  Outcome move_all(size_t bytes, double patience, short event, Move move);

  int handle_;
};

/// Holds what a rank has after all have met.
struct Meeting {
  std::vector<Socket> peers;  // Rank 0 has ranks 1, 2, .. in order; any other rank has rank 0.
  std::string bytes;          // what rank 0 passed to meet()
};

/// Connects rank 0, which listens at ranks.port, with each other rank. Throws Error when they have not all
/// met within `seconds`, or were told different numbers of ranks.
Meeting meet(const Ranks& ranks, const std::string& bytes, double seconds);

/// Reserves a free port of this machine for a rank 0 that is still to be started, and writes its number to
/// `port`. The port stays reserved while the socket lives. Throws Error when no port is free.
Socket reserve_port(int* port);

}  // namespace caddie
