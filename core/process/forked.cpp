// SPDX-License-Identifier: Apache-2.0
// The parent reads from a pipe for as long as there is time, and reaps the child in any case.
#include "process/forked.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/stopwatch.h"

namespace caddie {
namespace {

/// Reads until the other end is closed or `most` bytes have come; sets `late` when the time was up first.
std::string text_from(int descriptor, size_t most, double seconds, bool& late) {
  Stopwatch clock;
  std::string text;
  char some[512];
  while (text.size() < most) {
    pollfd wanted = {descriptor, POLLIN, 0};
    int ready = poll(&wanted, 1, int(std::max(0.0, seconds - clock.seconds()) * 1000));
    if (ready < 0 && errno == EINTR) continue;
    late = ready <= 0;
    if (late) break;
    ssize_t got = read(descriptor, some, std::min(sizeof some, most - text.size()));
    if (got > 0) text.append(some, size_t(got));
    if (got == 0) break;
  }
  return text;
}

}  // namespace

std::optional<ChildWords> words_of_child(const std::function<void(int pipe)>& work, double seconds,
                                         size_t most) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  pid_t child = fork();
  if (child == 0) {
    work(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  ChildWords words;
  if (child > 0) words.text = text_from(ends[0], most, seconds, words.late);
  close(ends[0]);
  if (child < 0) return std::nullopt;
  if (words.late) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  words.end = end_of_status(status);
  return words;
}

}  // namespace caddie
