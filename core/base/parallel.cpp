// SPDX-License-Identifier: Apache-2.0
// Holds the one pool of threads. Its workers wait on a condition variable, because a spinning pool starves
// the other runs of a sweep.
#include <caddie/parallel.h>

#include <caddie/error.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/at_work.h"

namespace caddie {
namespace {

// This is set while the thread runs a piece, so that a nested call does not wait for the pool that runs it.
thread_local bool inside_piece = false;

/// Holds one call of run_parallel(): all threads take the next piece from it until none is left.
struct Job {
  int count;
  void (*body)(void*, int);
  void* context;
  Worker worker;  // of the thread that called
  std::atomic<int> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  std::string thrower;  // the plugin that the failure came from

  void work() {
    inside_piece = true;
    for (int i; (i = next.fetch_add(1)) < count;) {
      try {
        AtWork work(worker);
        body(context, i);
      } catch (...) {
        std::lock_guard lock(mutex);
        if (failure) continue;
        failure = std::current_exception();
        thrower = AtWork::latest_thrower();
      }
    }
    inside_piece = false;
  }
};

/// Owns the worker threads, which sleep between jobs. The thread that calls run() works along with them.
class Pool {
 public:
  explicit Pool(int threads) {
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { serve(); });
    } catch (const std::system_error& error) {
      int got = size();
      stop();
      fail("threads: the system starts no more than {} of {} ({}); give --threads fewer, or raise its limit",
           got, threads, error.code().message());
    }
  }
  ~Pool() { stop(); }
  int size() const { return int(workers_.size()) + 1; }

  void run(Job& job) {
    {
      std::lock_guard lock(mutex_);
      job_ = &job;
      busy_ = int(workers_.size());
      ++generation_;
    }
    wake_.notify_all();
    job.work();
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
    job_ = nullptr;
  }

 private:
  void stop() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  void serve() {
    uint64_t seen = 0;
    for (;;) {
      Job* job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
        if (stop_) return;
        seen = generation_;
        job = job_;
      }
      job->work();
      std::lock_guard lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  Job* job_ = nullptr;
  uint64_t generation_ = 0;
  int busy_ = 0;
  bool stop_ = false;
};

std::unique_ptr<Pool>& pool() {
  static std::unique_ptr<Pool> one = std::make_unique<Pool>(1);
  return one;
}

}  // namespace

int thread_count() { return pool()->size(); }

void set_thread_count(int count) {
  check(count >= 1, "threads: {} is too few; at least 1", count);
  if (count != thread_count()) pool() = std::make_unique<Pool>(count);
}

void detail::run_parallel(int count, void (*body)(void*, int), void* context) {
  if (count <= 1 || inside_piece || thread_count() == 1) {
    for (int i = 0; i < count; ++i) body(context, i);
    return;
  }
  Job job{count, body, context, at_work(), {}, {}, nullptr, {}};
  pool()->run(job);
  if (!job.failure) return;
  AtWork::throws_again(job.thrower);
  std::rethrow_exception(job.failure);
}

}  // namespace caddie
