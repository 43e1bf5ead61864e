// SPDX-License-Identifier: Apache-2.0
// Starts a child by fork() and execv(), and reads how it ended from its status.
#include "process/child.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "process/interrupt.h"

namespace caddie {
namespace {

constexpr int kNotExecutable = 127;  // Shells give this exit code for a program that cannot be executed.

/// Turns the forked process into the new program. It only makes calls that are safe there, because other
/// threads may have held locks at the fork.
[[noreturn]] void become(const char* program, char* const* arguments, int input, int output, pid_t parent,
                         const sigset_t& mask) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kInterrupted);  // The parent died before its death could be watched.
  ::dup2(input, STDIN_FILENO);
  for (int stream : {STDOUT_FILENO, STDERR_FILENO})
    if (output >= 0) ::dup2(output, stream);
  // Signals are to act on the child as usual, whatever the parent does on them.
  for (int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::execv(program, arguments);
  ::_exit(kNotExecutable);
}

}  // namespace

ChildEnd end_of_status(int status) {
  if (WIFSIGNALED(status)) return {0, WTERMSIG(status)};
  return {WEXITSTATUS(status), 0};
}

pid_t start_child(const ChildCommand& command, const sigset_t& mask) {
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const std::filesystem::path& log = command.log;
  int output = log.empty() ? -1 : ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  check(output >= 0 || log.empty(), "{}: cannot open it for writing: {}", log.string(), std::strerror(errno));
  int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  pid_t parent = ::getpid(), child = ::fork();
  if (child == 0) become(command.program.c_str(), arguments.data(), input, output, parent, mask);
  int error = errno;
  ::close(input);
  if (output >= 0) ::close(output);
  check(child > 0, "cannot start a process: {}", std::strerror(error));
  return child;
}

}  // namespace caddie
