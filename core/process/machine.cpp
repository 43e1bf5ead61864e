// SPDX-License-Identifier: Apache-2.0
#include "process/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "base/files.h"

namespace caddie {
namespace {

/// Reads the number behind `name` from a file whose lines each have a name and a number. `bytes` stays as it
/// is when there is no such line.
void read_line(const char* file, std::string_view name, int64_t& bytes) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) bytes = std::atoll(line.c_str() + name.size());
}

}  // namespace

int core_count() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
  return std::max(1, int(std::thread::hardware_concurrency()));  // More than 1,024 cores do not fit the set.
}

std::string host_name() {
  char name[256] = {};
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::string command_line() {
  std::string text = read_file("/proc/self/cmdline");
  std::replace(text.begin(), text.end(), '\0', ' ');
  if (!text.empty()) text.pop_back();
  return text;
}

Memory memory_here() {
  constexpr int64_t kUnit = 1024;
  int64_t total = INT64_MAX / kUnit, available = INT64_MAX / kUnit;
  read_line("/proc/meminfo", "MemTotal:", total);
  read_line("/proc/meminfo", "MemAvailable:", available);
  Memory memory{total * kUnit, available * kUnit};
  int64_t limit = INT64_MAX, used = 0, reclaimable = 0;
  std::ifstream("/sys/fs/cgroup/memory.max") >> limit;
  std::ifstream("/sys/fs/cgroup/memory.current") >> used;
  read_line("/sys/fs/cgroup/memory.stat", "inactive_file ", reclaimable);
  if (limit <= 0 || limit >= memory.total) return memory;  // "max" is no number and reads as 0.
  memory.total = limit;
  memory.available = std::clamp<int64_t>(limit - used + reclaimable, 0, memory.available);
  return memory;
}

}  // namespace caddie
