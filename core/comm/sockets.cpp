// SPDX-License-Identifier: Apache-2.0
// Connects ranks that are processes with rank 0 by TCP. Rank 0 adds what the others send, in the order of
// the ranks, and sends each the sum, so all have the same bits. Every rank says now and then that it is
// alive: a rank may compute for as long as it likes, but one that is stopped or cut off is noticed.
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "comm/socket.h"

namespace caddie {
namespace {

constexpr double kMeetSeconds = 300;
constexpr int kBeats = 10;  // A rank shows life this often within the patience of the others.
constexpr int64_t kChunk = int64_t(1) << 16;  // So many floats are added at once; they fit into the cache.

enum class Word : int32_t { kAlive, kFailure, kData, kFloats, kDouble, kBroadcast, kBarrier };

const char* name_of(Word word) {
  switch (word) {
    case Word::kFloats:
      return "all_reduce of floats";
    case Word::kDouble:
      return "all_reduce of a double";
    case Word::kBroadcast:
      return "broadcast";
    case Word::kBarrier:
      return "barrier";
    default:
      return "nothing";
  }
}

/// Begins every message. After kFailure, `count` bytes of text follow; after kData, `count` bytes of data.
struct Frame {
  Word word = Word::kAlive;
  int32_t root = 0;
  int64_t count = 0;
  double value = 0;
};

struct Peer {
  int rank;
  Socket socket;
  std::mutex sending;  // is held while a whole message is sent
};

class SocketComm final : public Comm {
 public:
  SocketComm(const Ranks& ranks, double patience)
      : rank_(ranks.rank), size_(ranks.size), patience_(patience) {
    Meeting meeting = meet(ranks, "", kMeetSeconds);
    int rank = rank_ == 0 ? 1 : 0;
    for (Socket& socket : meeting.peers) {
      Peer& peer = peers_.emplace_back();
      peer.rank = rank++;
      peer.socket = std::move(socket);
    }
    try {
      life_ = std::jthread([this](std::stop_token stop) { show_life(stop); });
    } catch (const std::system_error& error) {
      fail("rank {}: cannot start the thread that shows the others that it lives: {}", rank_,
           error.code().message());
    }
  }
  int rank() const override { return rank_; }
  int size() const override { return size_; }
  Device device() const override { return Device::kCpu; }

  void all_reduce(float* data, int64_t count) override {
    agree({Word::kFloats, 0, count});
    if (rank_ == 0) {
      for (Peer& peer : peers_) add_from(peer, data, count);
      for (Peer& peer : peers_) send_data(peer, data, size_t(count) * sizeof(float));
    } else {
      send_data(peers_[0], data, size_t(count) * sizeof(float));
      receive_data(peers_[0], data, size_t(count) * sizeof(float));
    }
  }
  double all_reduce(double value) override { return agree({Word::kDouble, 0, 1, value}); }
  void broadcast(void* data, size_t bytes, int root) override {
    check(root >= 0 && root < size_, "broadcast: there is no rank {} among {}", root, size_);
    agree({Word::kBroadcast, root, int64_t(bytes)});
    if (rank_ == 0 && root != 0) receive_data(peers_[size_t(root - 1)], data, bytes);
    for (Peer& peer : peers_)
      if (rank_ == root || (rank_ == 0 && peer.rank != root)) send_data(peer, data, bytes);
    if (rank_ != 0 && rank_ != root) receive_data(peers_[0], data, bytes);
  }
  void barrier() override { agree({Word::kBarrier}); }

 private:
  /// Waits until all ranks call an operation with the same frame, apart from the value, and returns the sum
  /// of their values.
  double agree(Frame frame) {
    check(failure_.empty(), "{}", failure_);
    if (rank_ != 0) {
      send(peers_[0], frame);
      return next(peers_[0]).value;
    }
    for (Peer& peer : peers_) {
      Frame theirs = next(peer);
      if (theirs.word != frame.word || theirs.root != frame.root || theirs.count != frame.count)
        give_up(message("rank {} calls {} of {} while rank 0 calls {} of {}; all ranks must call the same",
                        {peer.rank, name_of(theirs.word), theirs.count, name_of(frame.word), frame.count}));
      frame.value += theirs.value;
    }
    for (Peer& peer : peers_) send(peer, frame);
    return frame.value;
  }

  void add_from(Peer& peer, float* sum, int64_t count) {
    next(peer);
    terms_.resize(size_t(kChunk));
    for (int64_t begin = 0; begin < count; begin += kChunk) {
      int64_t length = std::min(kChunk, count - begin);
      expect(peer, peer.socket.receive(terms_.data(), size_t(length) * sizeof(float), patience_));
      for (int64_t i = 0; i < length; ++i) sum[begin + i] += terms_[size_t(i)];
    }
  }
  void send_data(Peer& peer, const void* data, size_t bytes) {
    send(peer, {Word::kData, 0, int64_t(bytes)}, data);
  }
  void receive_data(Peer& peer, void* data, size_t bytes) {
    next(peer);
    expect(peer, peer.socket.receive(data, bytes, patience_));
  }

  /// Returns the next frame that says more than that the peer is alive. Throws Error when it says that a rank
  /// has failed.
  Frame next(Peer& peer) {
    Frame frame;
    do {
      expect(peer, peer.socket.receive(&frame, sizeof frame, patience_));
    } while (frame.word == Word::kAlive);
    if (frame.word == Word::kFailure) {
      std::string text(size_t(frame.count), '\0');
      expect(peer, peer.socket.receive(text.data(), text.size(), patience_));
      give_up(text);
    }
    return frame;
  }

  /// Sends a frame and, if there are `data`, its `count` bytes. When rank 0 has closed the connection this
  /// does not throw: the reason is read later.
  void send(Peer& peer, const Frame& frame, const void* data = nullptr) {
    std::unique_lock lock(peer.sending);
    Socket::Outcome outcome = peer.socket.send(&frame, sizeof frame, patience_);
    if (outcome == Socket::Outcome::kDone && data)
      outcome = peer.socket.send(data, size_t(frame.count), patience_);
    lock.unlock();
    if (rank_ == 0 || outcome == Socket::Outcome::kSilent) expect(peer, outcome);
  }

  /// Throws Error, as give_up() does, unless the transfer is complete.
  void expect(Peer& peer, Socket::Outcome outcome) {
    if (outcome == Socket::Outcome::kClosed) give_up(message("rank {} has left", {peer.rank}));
    if (outcome == Socket::Outcome::kSilent)
      give_up(message("rank {} has been silent for {} s", {peer.rank, patience_}));
  }

  /// Throws Error with the reason. Rank 0 tells it to the others first, because they are connected with
  /// nobody but rank 0.
  [[noreturn]] void give_up(const std::string& reason) {
    failure_ = reason;
    Frame frame = {Word::kFailure, 0, int64_t(reason.size())};
    for (Peer& peer : peers_) {
      std::unique_lock lock(peer.sending, std::try_to_lock);
      if (rank_ == 0 && lock && peer.socket.send(&frame, sizeof frame, 0) == Socket::Outcome::kDone)
        peer.socket.send(reason.data(), reason.size(), 0);
    }
    throw Error(reason);
  }

  void show_life(std::stop_token stop) {
    std::mutex mutex;
    std::condition_variable_any stopped;
    std::unique_lock lock(mutex);
    while (!stopped.wait_for(lock, stop, std::chrono::duration<double>(patience_ / kBeats),
                             [&] { return stop.stop_requested(); }))
      for (Peer& peer : peers_) {
        std::unique_lock sending(peer.sending, std::try_to_lock);
        Frame alive;
        if (sending && peer.socket.can_write(0)) peer.socket.send(&alive, sizeof alive, patience_);
      }
  }

  int rank_, size_;
  double patience_;
  std::deque<Peer> peers_;
  std::vector<float> terms_;
  std::string failure_;  // says why no call can succeed any more; empty while all is well
  std::jthread life_;    // stands last, so that it ends first
};

}  // namespace

std::unique_ptr<Comm> make_socket_comm(const Ranks& ranks, double patience) {
  return std::make_unique<SocketComm>(ranks, patience);
}

}  // namespace caddie
