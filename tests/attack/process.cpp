// SPDX-License-Identifier: Apache-2.0
#include "attack/process.h"

#include <caddie/error.h>

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "base/files.h"

namespace caddie::attack {
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

/// A started command.
struct Running {
  const Command* command;
  pid_t process = 0;
  fs::path out = {}, err = {};
  bool stopped = false, ended = false;
  End end = {};
};

[[noreturn]] void become(const std::string& program, const Running& running, const fs::path& folder) {
  ::setpgid(0, 0);
  std::vector<char*> arguments = {const_cast<char*>("caddie")};
  for (const std::string& argument : running.command->arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  int in = ::open("/dev/null", O_RDONLY),
      out = ::open(running.out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644),
      err = ::open(running.err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  for (int stream : {in, out, err}) ::dup2(stream, stream == in ? 0 : stream == out ? 1 : 2);
  for (int file = 3; file < 64; ++file) ::close(file);
  for (const auto& [name, value] : running.command->environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  if (running.command->prepare) running.command->prepare();
  ::execv(program.c_str(), arguments.data());
  ::_exit(126);
}

/// Adds the processes below `parent`, children first started first.
void add_descendants(pid_t parent, std::vector<pid_t>& all) {
  std::error_code gone;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", parent), gone)) {
    std::ifstream children(task.path() / "children");
    for (pid_t child; children >> child;) {
      all.push_back(child);
      add_descendants(child, all);
    }
  }
}

void kill_descendants(pid_t parent, int signal) {
  std::vector<pid_t> all;
  add_descendants(parent, all);
  for (pid_t process : all) ::kill(process, signal);
}

/// Notes those that have ended; returns whether any child is left, of theirs too.
bool reap(std::vector<Running>& all) {
  int status = 0;
  for (pid_t ended; (ended = ::waitpid(-1, &status, WNOHANG)) != 0;) {
    if (ended < 0) return false;
    for (Running& one : all) {
      if (one.process != ended) continue;
      one.ended = true;
      one.end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
      one.end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
  }
  return true;
}

void stop(Running& one) {
  one.stopped = true;
  if (one.command->stop_all) kill_descendants(one.process, one.command->stop_signal);
  ::kill(-one.process, one.command->stop_signal);
  ::kill(one.process, one.command->stop_signal);
}

void start(const std::string& program, Running& one, const fs::path& folder) {
  one.process = ::fork();
  check(one.process >= 0, "cannot start a process");
  if (one.process == 0) become(program, one, folder);
}

/// Waits for all, stopping each at its time; what is left at the limit hangs and is killed.
void watch(std::vector<Running>& all) {
  Clock::time_point begin = Clock::now();
  while (reap(all)) {
    double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    for (Running& one : all)
      if (!one.ended && !one.stopped && one.command->stop_after >= 0 && seconds >= one.command->stop_after)
        stop(one);
    if (seconds > kTimeLimit) {
      bool left =
          std::ranges::all_of(all, &Running::ended);  // what is there still are processes that they left
      for (Running& one : all) one.end.hung |= left || !one.ended;
      kill_descendants(::getpid(), SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
}

}  // namespace

std::string Command::text() const {
  std::string text = fmt::format("caddie {}", fmt::join(arguments, " "));
  for (const auto& [name, value] : environment) text = name + "=" + value + " " + text;
  return stop_after < 0 ? text : fmt::format("{} [signal {} after {:.4f} s]", text, stop_signal, stop_after);
}

std::vector<End> run(const std::string& program, std::span<const Command> commands, const fs::path& folder,
                     const fs::path& notes) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::vector<Running> all;
  for (const Command& command : commands) {
    std::string name = fmt::format("{}", all.size());
    all.push_back({.command = &command, .out = notes / (name + ".out"), .err = notes / (name + ".err")});
  }
  for (Running& one : all) {
    for (const fs::path& file : {one.out, one.err})
      write_file(file, "");  // It may be killed before it opens them.
    start(program, one, folder);
  }
  watch(all);
  std::vector<End> ends;
  for (Running& one : all) {
    one.end.stopped = one.stopped || (one.command->may_die && one.end.signal != 0);
    one.end.out = read_file(one.out);
    one.end.err = read_file(one.err);
    ends.push_back(one.end);
  }
  return ends;
}

}  // namespace caddie::attack
