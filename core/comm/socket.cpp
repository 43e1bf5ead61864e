// SPDX-License-Identifier: Apache-2.0
// Sends and receives whole messages over TCP, and gives up on a peer that stays silent.
#include "comm/socket.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace caddie {

Socket::~Socket() {
  if (handle_ >= 0) ::close(handle_);
}

// Waits in short pieces, so that the time for which a process is stopped hardly counts as waiting.
bool Socket::wait(short event, double seconds) const {
  constexpr double kPiece = 1;
  for (;; seconds -= kPiece) {
    pollfd one = {handle_, event, 0};
    int ready = ::poll(&one, 1, int(1000 * std::clamp(seconds, 0.0, kPiece)));
    if (ready > 0) return true;
    if ((ready < 0 && errno != EINTR) || seconds <= kPiece) return false;
  }
}

bool Socket::can_read(double seconds) const { return wait(POLLIN, seconds); }
bool Socket::can_write(double seconds) const { return wait(POLLOUT, seconds); }

template <class Move>
Socket::Outcome Socket::move_all(size_t bytes, double patience, short event, Move move) {
  for (size_t done = 0; done < bytes;) {
    ssize_t moved = move(done);
    if (moved > 0)
      done += size_t(moved);
    else if (moved == 0 || (errno != EINTR && errno != EAGAIN))
      return Outcome::kClosed;
    else if (errno == EAGAIN && !wait(event, patience))
      return Outcome::kSilent;
  }
  return Outcome::kDone;
}

Socket::Outcome Socket::send(const void* data, size_t bytes, double patience) {
  auto from = static_cast<const char*>(data);
  return move_all(bytes, patience, POLLOUT, [&](size_t done) {
    return ::send(handle_, from + done, bytes - done, MSG_NOSIGNAL | MSG_DONTWAIT);
  });
}

Socket::Outcome Socket::receive(void* data, size_t bytes, double patience) {
  auto to = static_cast<char*>(data);
  return move_all(bytes, patience, POLLIN,
                  [&](size_t done) { return ::recv(handle_, to + done, bytes - done, MSG_DONTWAIT); });
}

// The port is bound, but nobody listens at it: a socket that reuses addresses can still listen there, and the
// system gives the port to nobody else.
Socket reserve_port(int* port) {
  Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto name = reinterpret_cast<sockaddr*>(&address);
  int yes = 1;
  check(::setsockopt(socket.handle(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
            ::bind(socket.handle(), name, length) == 0 && ::getsockname(socket.handle(), name, &length) == 0,
        "ranks: no port of this machine is free: {}", std::strerror(errno));
  *port = ntohs(address.sin_port);
  return socket;
}

}  // namespace caddie
