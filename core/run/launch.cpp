// SPDX-License-Identifier: Apache-2.0
// Each rank is a child process that gets its number; the first to fail ends the others after a grace time.
#include "run/launch.h"

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "comm/socket.h"
#include "process/child_set.h"
#include "process/interrupt.h"

namespace caddie {

int run_ranks(const ChildCommand& command, int ranks, double grace) {
  ChildSet children;
  for (int rank = 0; rank < ranks; ++rank) {
    ChildCommand one = command;
    one.arguments.insert(one.arguments.end(), {"--rank", std::to_string(rank)});
    children.start(size_t(rank), one);
  }
  int code = 0;     // the exit code of rank 0
  int failure = 0;  // the exit code of whichever rank failed first
  bool stopped = false;
  std::optional<Stopwatch> failed;  // the time since the first failure
  while (!children.empty()) {
    ChildSet::Event event = children.wait(failed ? 0.2 : 1);
    if (event.stop_signal != 0) {
      stopped = true;
      children.signal_all(event.stop_signal);
    }
    if (event.ended) {
      int its = event.ended->how.shell_code();
      if (event.ended->key == 0) code = its;
      if (its != 0 && its != kInterrupted && !failed) {
        failed.emplace();
        failure = its;
      }
    }
    if (failed && failed->seconds() > grace) children.signal_all(SIGKILL);
  }
  if (code == 0) code = failure;
  return stopped && code > 128 ? kInterrupted : code;
}

int launch_ranks(int ranks, int threads) {
  std::vector<std::string> arguments = split(read_file("/proc/self/cmdline"), '\0');
  arguments.pop_back();  // An empty string follows the last terminator.
  if (threads > 0) arguments.insert(arguments.end(), {"--threads", std::to_string(threads)});
  int port = 0;
  Socket reserved = reserve_port(&port);
  ::setenv("MASTER_ADDR", "127.0.0.1", 1);
  ::setenv("MASTER_PORT", std::to_string(port).c_str(), 1);
  return run_ranks({arguments}, ranks);
}

}  // namespace caddie
