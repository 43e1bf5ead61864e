// SPDX-License-Identifier: Apache-2.0
// How ranks on several machines get the first bytes in common: rank 0 listens, each other rank connects and
// says who it is, and all are answered once all are there.
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "comm/comm.h"

namespace caddie {
namespace {

using Clock = std::chrono::steady_clock;

// Machines of one training share their byte order.
struct Hello {
  char magic[8];
  int32_t rank, size;
};
constexpr char kMagic[8] = {'c', 'a', 'd', 'd', 'i', 'e', ' ', '1'};

class Socket {
 public:
  explicit Socket(int handle = -1) : handle_(handle) {}
  Socket(Socket&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Socket() {
    if (handle_ >= 0) ::close(handle_);
  }
  int handle() const { return handle_; }
  bool open() const { return handle_ >= 0; }

  bool send(const void* data, size_t bytes) {
    auto from = static_cast<const char*>(data);
    while (bytes) {
      ssize_t sent = ::send(handle_, from, bytes, MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) return false;
      from += sent;
      bytes -= size_t(sent);
    }
    return true;
  }
  /// False when the other side closes, or `deadline` passes, before all has come.
  bool receive(void* data, size_t bytes, Clock::time_point deadline) {
    auto to = static_cast<char*>(data);
    while (bytes) {
      if (!wait(deadline)) return false;
      ssize_t got = ::recv(handle_, to, bytes, 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      to += got;
      bytes -= size_t(got);
    }
    return true;
  }
  /// Until something can be read or accepted; false when `deadline` comes first.
  bool wait(Clock::time_point deadline) {
    for (;;) {
      auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      if (left <= 0) return false;
      pollfd one = {handle_, POLLIN, 0};
      int ready = ::poll(&one, 1, int(left));
      if (ready > 0) return true;
      if (ready < 0 && errno != EINTR) return false;
    }
  }

 private:
  int handle_;
};

struct Addresses {
  addrinfo* first = nullptr;
  Addresses(const char* host, int port, int family, int flags) {
    addrinfo hints = {};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    int status = ::getaddrinfo(host, std::to_string(port).c_str(), &hints, &first);
    check(status == 0,
          "ranks: cannot find the host of rank 0, \"{}\": {}; set MASTER_ADDR to its name or address",
          host ? host : "*", ::gai_strerror(status));
  }
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
  ~Addresses() {
    if (first) ::freeaddrinfo(first);
  }
};

Socket make_socket(const addrinfo& address) {
  return Socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol));
}

// At all addresses of this machine: its own name often means 127.0.1.1 to itself.
Socket listen_at(const Ranks& ranks) {
  Addresses named(ranks.address.c_str(), ranks.port, AF_UNSPEC, 0);
  int problem = 0;
  for (addrinfo* name = named.first; name; name = name->ai_next) {
    Addresses any(nullptr, ranks.port, name->ai_family, AI_PASSIVE);
    Socket socket = make_socket(*any.first);
    int yes = 1;
    if (socket.open() && ::setsockopt(socket.handle(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
        ::bind(socket.handle(), any.first->ai_addr, any.first->ai_addrlen) == 0 &&
        ::listen(socket.handle(), ranks.size) == 0)
      return socket;
    problem = errno;
  }
  fail("ranks: rank 0 cannot listen at port {}: {}; set MASTER_PORT to a free one on all ranks", ranks.port,
       std::strerror(problem));
}

Socket connect_to_first_rank(const Ranks& ranks, Clock::time_point deadline) {
  Addresses addresses(ranks.address.c_str(), ranks.port, AF_UNSPEC, 0);
  while (Clock::now() < deadline) {
    for (addrinfo* address = addresses.first; address; address = address->ai_next) {
      Socket socket = make_socket(*address);
      if (socket.open() && ::connect(socket.handle(), address->ai_addr, address->ai_addrlen) == 0)
        return socket;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  fail(
      "ranks: rank {} of {} could not reach rank 0 at {}:{}; check MASTER_ADDR, MASTER_PORT and that rank 0 "
      "runs",
      ranks.rank, ranks.size, ranks.address, ranks.port);
}

void serve(const Ranks& ranks, const std::string& bytes, Clock::time_point deadline) {
  Socket listener = listen_at(ranks);
  std::vector<Socket> others(size_t(ranks.size));
  for (int met = 1; met < ranks.size;) {
    if (!listener.wait(deadline))
      fail("ranks: rank 0 waited in vain at port {}: {} of {} ranks came", ranks.port, met, ranks.size);
    Socket guest(::accept(listener.handle(), nullptr, nullptr));
    Hello hello;
    auto soon = std::min(deadline, Clock::now() + std::chrono::seconds(5));
    if (!guest.open() || !guest.receive(&hello, sizeof hello, soon) ||
        std::memcmp(hello.magic, kMagic, sizeof kMagic) != 0)
      continue;  // not one of ours
    check(hello.size == ranks.size && hello.rank > 0 && hello.rank < ranks.size,
          "ranks: rank {} of {} came to rank 0 of {}; all must be started with the same number of ranks",
          hello.rank, hello.size, ranks.size);
    Socket& seat = others[size_t(hello.rank)];
    check(!seat.open(), "ranks: two processes say that they are rank {} of {}", hello.rank, ranks.size);
    seat = std::move(guest);
    ++met;
  }
  uint64_t size = bytes.size();
  for (int rank = 1; rank < ranks.size; ++rank) {
    Socket& socket = others[size_t(rank)];
    check(socket.send(&size, sizeof size) && socket.send(bytes.data(), bytes.size()),
          "ranks: rank {} is gone", rank);
  }
}

std::string ask(const Ranks& ranks, Clock::time_point deadline) {
  Socket socket = connect_to_first_rank(ranks, deadline);
  Hello hello = {{}, ranks.rank, ranks.size};
  std::memcpy(hello.magic, kMagic, sizeof kMagic);
  uint64_t size = 0;
  std::string bytes;
  bool good =
      socket.send(&hello, sizeof hello) && socket.receive(&size, sizeof size, deadline) && size < (1u << 20);
  if (good) {
    bytes.resize(size);
    good = socket.receive(bytes.data(), bytes.size(), deadline);
  }
  check(good, "ranks: rank {} of {} got no answer from {}:{}; see what rank 0 says", ranks.rank, ranks.size,
        ranks.address, ranks.port);
  return bytes;
}

}  // namespace

std::string share_from_first_rank(const Ranks& ranks, const std::string& bytes, double seconds) {
  auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  if (ranks.rank != 0) return ask(ranks, deadline);
  if (ranks.size > 1) serve(ranks, bytes, deadline);
  return bytes;
}

}  // namespace caddie
