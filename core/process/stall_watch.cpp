// SPDX-License-Identifier: Apache-2.0
// Each thread is sent a signal, whose handler writes down what the thread works for.
#include "process/stall_watch.h"

#include <fmt/format.h>

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/at_work.h"
#include "base/console.h"
#include "base/exit_code.h"
#include "base/heartbeat.h"
#include "base/stopwatch.h"

namespace caddie {
namespace {

constexpr double kLookSeconds = 0.25;
constexpr double kFirstPiece = 10;  // times as long may the first piece take
constexpr double kMuchLonger = 20;  // times the longest silence is no longer slowness

// The handler of one thread at a time writes into the answer.
constexpr unsigned kLongestAnswer = 256;
char answer[kLongestAnswer];
std::atomic<bool> answered;

void on_question(int) {
  char own[kLongestAnswer];
  if (describe(at_work(), own, sizeof own)) std::memcpy(answer, own, sizeof own);
  answered = true;
}

/// Asks one thread what it works for; returns "" when no plugin is at work there or no answer comes.
std::string worker_of(int thread) {
  constexpr int kTries = 2000;  // milliseconds for the answer
  answer[0] = 0;
  answered = false;
  if (::syscall(SYS_tgkill, ::getpid(), thread, SIGURG) != 0) return "";
  for (int i = 0; i < kTries && !answered; ++i) ::usleep(1000);
  return answered ? answer : "";
}

}  // namespace

bool StallJudge::hangs(double seconds, int64_t finished, bool at_work) {
  if (finished != finished_ || !at_work) {
    if (finished != finished_) any_ = true;
    longest_ = std::max(longest_, silence_);
    silence_ = 0;
    finished_ = finished;
    return false;
  }
  silence_ += std::min(seconds, 2 * distance_);
  return silence_ > std::max(any_ ? least_ : kFirstPiece * least_, kMuchLonger * longest_);
}

std::string plugin_at_work_anywhere() {
  struct sigaction ask = {}, before = {};
  ask.sa_handler = on_question;
  ask.sa_flags = SA_RESTART;
  ::sigaction(SIGURG, &ask, &before);
  std::string found;
  auto own = int(::syscall(SYS_gettid));
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", error))
    if (int thread = std::stoi(entry.path().filename().string()); thread != own && found.empty())
      found = worker_of(thread);
  ::sigaction(SIGURG, &before, nullptr);
  return found;
}

StallWatch::StallWatch(double least, std::function<void(const std::string&)> at_end)
    : at_end_(std::move(at_end)) {
  if (least > 0) thread_ = std::thread([this, least] { watch(least); });
}

StallWatch::~StallWatch() {
  {
    std::lock_guard lock(mutex_);
    over_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StallWatch::watch(double least) {
  double distance = std::min(kLookSeconds, least / 4);
  StallJudge judge(least, distance);
  Stopwatch clock;
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, std::chrono::duration<double>(distance), [this] { return over_; })) {
    if (!judge.hangs(clock.lap(), beats(), is_beating())) continue;
    std::string who = plugin_at_work_anywhere();
    std::string reason = fmt::format(
        "{}no micro-batch and no window was finished for {:.0f} s (the longest wait before took {:.1f} s); "
        "where that is meant, raise train.stall_seconds or set it to 0; the first piece has ten times as "
        "long",
        who.empty() ? "" : who + ": ", judge.silence(), judge.longest());
    at_end_(reason);
    tell(stderr, "error: {}\n", reason);
    ::_exit(kFailed);
  }
}

}  // namespace caddie
