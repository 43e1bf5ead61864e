// SPDX-License-Identifier: Apache-2.0
// Lets the ranks meet, on one machine or several: rank 0 listens, each other rank connects and says who it
// is, and all are answered once all are there.
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "comm/socket.h"

namespace caddie {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kDone = Socket::Outcome::kDone;

// Is the first message of each rank. Machines of one training share their byte order.
struct Hello {
  char magic[8];
  int32_t rank, size;
};
constexpr char kMagic[8] = {'c', 'a', 'd', 'd', 'i', 'e', ' ', '1'};

constexpr double kIntroduction = 5;  // seconds that a guest may take to say who it is, or to hear the answer

// Owns the addresses that a host name stands for.
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

// Listens at all addresses of this machine, because a machine often takes its own name for 127.0.1.1. When
// rank 0 is known as 127.0.0.1 it listens there alone, because all ranks are on this machine.
Socket listen_at(const Ranks& ranks) {
  Addresses named(ranks.address.c_str(), ranks.port, AF_UNSPEC, 0);
  int problem = 0;
  for (addrinfo* name = named.first; name; name = name->ai_next) {
    bool local = ranks.address == "127.0.0.1";
    Addresses any(local ? ranks.address.c_str() : nullptr, ranks.port, name->ai_family, AI_PASSIVE);
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

// Turns off TCP's wait for more to send: small messages are answered, so they must leave at once.
Socket& send_at_once(Socket& socket) {
  int yes = 1;
  ::setsockopt(socket.handle(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return socket;
}

double seconds_until(Clock::time_point deadline) {
  return std::chrono::duration<double>(deadline - Clock::now()).count();
}

// Sends every guest the bytes of the meeting.
void answer_guests(Meeting& meeting) {
  const std::string& bytes = meeting.bytes;
  uint64_t size = bytes.size();
  int rank = 1;
  for (Socket& socket : meeting.peers) {
    check(socket.send(&size, sizeof size, kIntroduction) == kDone &&
              socket.send(bytes.data(), bytes.size(), kIntroduction) == kDone,
          "ranks: rank {} has left", rank);
    ++rank;
  }
}

// Does the part of rank 0: waits until all other ranks have come, then answers them.
Meeting serve(const Ranks& ranks, const std::string& bytes, Clock::time_point deadline) {
  Socket listener = listen_at(ranks);
  Meeting meeting{std::vector<Socket>(size_t(ranks.size - 1)), bytes};
  for (int met = 1; met < ranks.size;) {
    if (!listener.can_read(seconds_until(deadline)))
      fail("ranks: rank 0 waited in vain at port {}: {} of {} ranks came", ranks.port, met, ranks.size);
    Socket guest(::accept4(listener.handle(), nullptr, nullptr, SOCK_CLOEXEC));
    Hello hello;
    if (!guest.open() || guest.receive(&hello, sizeof hello, kIntroduction) != kDone ||
        std::memcmp(hello.magic, kMagic, sizeof kMagic) != 0)
      continue;  // The guest is no rank of this program.
    check(hello.size == ranks.size && hello.rank > 0 && hello.rank < ranks.size,
          "ranks: rank {} of {} came to rank 0 of {}; all must be started with the same number of ranks",
          hello.rank, hello.size, ranks.size);
    Socket& seat = meeting.peers[size_t(hello.rank - 1)];
    check(!seat.open(), "ranks: two processes say that they are rank {} of {}", hello.rank, ranks.size);
    seat = std::move(send_at_once(guest));
    ++met;
  }
  answer_guests(meeting);
  return meeting;
}

// Does the part of any other rank: says who it is, and waits for the answer of rank 0.
Meeting ask(const Ranks& ranks, Clock::time_point deadline) {
  Socket socket = connect_to_first_rank(ranks, deadline);
  Hello hello = {{}, ranks.rank, ranks.size};
  std::memcpy(hello.magic, kMagic, sizeof kMagic);
  uint64_t size = 0;
  std::string bytes;
  double patience = seconds_until(deadline);
  bool good = send_at_once(socket).send(&hello, sizeof hello, patience) == kDone &&
              socket.receive(&size, sizeof size, patience) == kDone && size < (1u << 20);
  if (good) {
    bytes.resize(size);
    good = socket.receive(bytes.data(), bytes.size(), patience) == kDone;
  }
  check(good, "ranks: rank {} of {} got no answer from {}:{}; see what rank 0 says", ranks.rank, ranks.size,
        ranks.address, ranks.port);
  Meeting meeting;
  meeting.peers.push_back(std::move(socket));
  meeting.bytes = std::move(bytes);
  return meeting;
}

}  // namespace

Meeting meet(const Ranks& ranks, const std::string& bytes, double seconds) {
  auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  return ranks.rank == 0 ? serve(ranks, bytes, deadline) : ask(ranks, deadline);
}

std::string share_from_first_rank(const Ranks& ranks, const std::string& bytes, double seconds) {
  return ranks.size == 1 ? bytes : meet(ranks, bytes, seconds).bytes;
}

}  // namespace caddie
