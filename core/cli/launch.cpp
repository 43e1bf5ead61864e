// SPDX-License-Identifier: Apache-2.0
#include "cli/launch.h"

#include <caddie/error.h>

#include <sys/wait.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "comm/socket.h"
#include "run/interrupt.h"
#include "sweep/child.h"

namespace caddie {
namespace {

constexpr double kGrace = 10;  // seconds for the others to end by themselves when one rank failed

class Launch {
 public:
  explicit Launch(const std::vector<std::string>& command, int ranks) : codes_(size_t(ranks)) {
    for (int rank = 0; rank < ranks; ++rank) {
      std::vector<std::string> arguments = command;
      arguments.insert(arguments.end(), {"--rank", std::to_string(rank)});
      children_.push_back(start_child(arguments, {}, signals_.before()));
    }
  }
  ~Launch() {
    hand_on(SIGKILL);
    for (pid_t child : children_)
      if (child > 0) ::waitpid(child, nullptr, 0);
  }
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  int wait_for_all() {
    while (reap()) {
      int signal = signals_.wait(1000);
      if (signal == SIGINT || signal == SIGTERM) {
        stopped_ = true;
        hand_on(signal);
      }
      if (failed_ && failed_->seconds() > kGrace) hand_on(SIGKILL);
    }
    return stopped_ && codes_[0] > 128 ? kInterrupted : codes_[0];
  }

 private:
  void hand_on(int signal) const {
    for (pid_t child : children_)
      if (child > 0) ::kill(child, signal);
  }

  /// Whether any is left.
  bool reap() {
    bool any = false;
    for (size_t rank = 0; rank < children_.size(); ++rank) {
      int status = 0;
      if (children_[rank] > 0 && ::waitpid(children_[rank], &status, WNOHANG) == children_[rank]) {
        children_[rank] = 0;
        codes_[rank] = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (codes_[rank] != 0 && codes_[rank] != kInterrupted && !failed_) failed_.emplace();
      }
      any |= children_[rank] > 0;
    }
    return any;
  }

  SignalQueue signals_;
  std::vector<pid_t> children_;  // by rank; 0 when it has ended
  std::vector<int> codes_;
  std::optional<Stopwatch> failed_;  // since the first failure
  bool stopped_ = false;
};

}  // namespace

int launch_ranks(int ranks, int threads) {
  std::vector<std::string> command = split(read_file("/proc/self/cmdline"), '\0');
  command.pop_back();  // what follows the last terminator
  if (threads > 0) command.insert(command.end(), {"--threads", std::to_string(threads)});
  int port = 0;
  Socket reserved = reserve_port(&port);
  ::setenv("MASTER_ADDR", "127.0.0.1", 1);
  ::setenv("MASTER_PORT", std::to_string(port).c_str(), 1);
  return Launch(command, ranks).wait_for_all();
}

}  // namespace caddie
