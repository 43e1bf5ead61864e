// SPDX-License-Identifier: Apache-2.0
// Makes ranks of the threads of one process, with which tests run several ranks without several GPUs.
#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "comm/comm.h"

namespace caddie {
namespace {

/// Holds the memory that each rank of a group has posted, and lets the ranks wait for each other.
class Group {
 public:
  explicit Group(int size) : posts_(size_t(size)) {}
  int size() const { return int(posts_.size()); }

  /// Says which operation a rank calls, and on which memory.
  struct Post {
    const char* operation = "";
    void* data = nullptr;
    int64_t count = 0;
  };

  /// Shows `post` to the others and waits for theirs. Throws Error unless all ask for the same.
  void meet(int rank, const Post& post) {
    posts_[size_t(rank)] = post;
    wait();
    for (int other = 0; other < size(); ++other) {
      const Post& theirs = posts_[size_t(other)];
      check(std::strcmp(theirs.operation, post.operation) == 0 && theirs.count == post.count,
            "rank {} calls {} of {} while rank {} calls {} of {}; all ranks must call the same", rank,
            post.operation, post.count, other, theirs.operation, theirs.count);
    }
  }

  template <class T>
  T* data(int rank) const {
    return static_cast<T*>(posts_[size_t(rank)].data);
  }

  /// Returns when all ranks have called it. Throws Error when one of them has left.
  void wait() {
    std::unique_lock lock(mutex_);
    check(gone_ < 0, "rank {} has left", gone_);
    int64_t round = round_;
    if (++waiting_ == size()) {
      waiting_ = 0;
      ++round_;
      moved_.notify_all();
      return;
    }
    moved_.wait(lock, [&] { return round_ != round || gone_ >= 0; });
    check(round_ != round, "rank {} has left", gone_);
  }

  void leave(int rank) {
    std::lock_guard lock(mutex_);
    gone_ = rank;
    moved_.notify_all();
  }

 private:
  std::vector<Post> posts_;
  std::mutex mutex_;
  std::condition_variable moved_;
  int waiting_ = 0, gone_ = -1;
  int64_t round_ = 0;
};

class ThreadComm final : public Comm {
 public:
  ThreadComm(std::shared_ptr<Group> group, int rank) : group_(std::move(group)), rank_(rank) {}
  ~ThreadComm() override { group_->leave(rank_); }
  int rank() const override { return rank_; }
  int size() const override { return group_->size(); }
  Device device() const override { return Device::kCpu; }

  void all_reduce(float* data, int64_t count) override { sum(data, count); }
  double all_reduce(double value) override {
    sum(&value, 1);
    return value;
  }
  void broadcast(void* data, size_t bytes, int root) override {
    check(root >= 0 && root < size(), "broadcast: there is no rank {} among {}", root, size());
    group_->meet(rank_, {"broadcast", data, int64_t(bytes)});
    if (rank_ != root && bytes) std::memcpy(data, group_->data<void>(root), bytes);
    group_->wait();
  }
  void barrier() override {
    group_->meet(rank_, {"barrier", nullptr, 0});
    group_->wait();
  }

 private:
  /// Sums over the ranks: each sums its share of the elements and writes the sums to all.
  template <class T>
  void sum(T* data, int64_t count) {
    group_->meet(
        rank_, {sizeof(T) == sizeof(float) ? "all_reduce of floats" : "all_reduce of a double", data, count});
    for (int64_t i = count * rank_ / size(), end = count * (rank_ + 1) / size(); i < end; ++i) {
      T total = group_->data<T>(0)[i];
      for (int other = 1; other < size(); ++other) total += group_->data<T>(other)[i];
      for (int other = 0; other < size(); ++other) group_->data<T>(other)[i] = total;
    }
    group_->wait();
  }

  std::shared_ptr<Group> group_;
  int rank_;
};

}  // namespace

std::vector<std::unique_ptr<Comm>> make_thread_comms(int size) {
  check(size >= 1, "{} ranks are too few; at least 1", size);
  auto group = std::make_shared<Group>(size);
  std::vector<std::unique_ptr<Comm>> comms;
  for (int rank = 0; rank < size; ++rank) comms.push_back(std::make_unique<ThreadComm>(group, rank));
  return comms;
}

}  // namespace caddie
