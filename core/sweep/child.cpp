// SPDX-License-Identifier: Apache-2.0
#include "sweep/child.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "run/interrupt.h"

namespace caddie {

SignalQueue::SignalQueue() {
  sigemptyset(&watched_);
  for (int number : {SIGINT, SIGTERM, SIGCHLD}) sigaddset(&watched_, number);
  pthread_sigmask(SIG_BLOCK, &watched_, &before_);
}

SignalQueue::~SignalQueue() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int SignalQueue::wait(long milliseconds) const {
  timespec limit = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  return std::max(0, sigtimedwait(&watched_, nullptr, &limit));
}

pid_t start_child(const std::vector<std::string>& arguments, const std::filesystem::path& log,
                  const sigset_t& mask) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int output = log.empty() ? -1 : ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  check(output >= 0 || log.empty(), "{}: cannot open it for writing: {}", log.string(), std::strerror(errno));
  int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kInterrupted);
    ::dup2(input, STDIN_FILENO);
    for (int stream : {STDOUT_FILENO, STDERR_FILENO})
      if (output >= 0) ::dup2(output, stream);
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  ::close(input);
  if (output >= 0) ::close(output);
  check(child > 0, "cannot start a process for a run: {}", std::strerror(errno));
  return child;
}

}  // namespace caddie
