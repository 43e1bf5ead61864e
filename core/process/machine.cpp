// SPDX-License-Identifier: Apache-2.0
// Asks the system for cores, names and memory; limits of containers are read from their control groups.
#include "process/machine.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

#include "base/files.h"

namespace caddie {
namespace {

/// Reads the number that follows `name` in a file whose lines each hold a name and a number. `bytes` stays as
/// it is when there is no such line.
void read_line(const std::filesystem::path& file, std::string_view name, int64_t& bytes) {
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name)) bytes = std::atoll(line.c_str() + name.size());
}

/// Names the files of one version of control groups.
struct GroupFiles {
  const char *limit, *used, *statistics, *reclaimable;
};
constexpr GroupFiles kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat",
                                  "total_inactive_file "};
constexpr GroupFiles kVersion2 = {"memory.max", "memory.current", "memory.stat", "inactive_file "};

/// Narrows `memory` to what one group leaves. Files that are not there, and "max", are no limit.
void narrow(const std::filesystem::path& group, const GroupFiles& files, Memory& memory) {
  int64_t limit = 0, used = 0, reclaimable = 0;
  std::ifstream(group / files.limit) >> limit;
  if (limit <= 0 || limit >= memory.total) return;
  std::ifstream(group / files.used) >> used;
  read_line(group / files.statistics, files.reclaimable, reclaimable);
  memory.total = limit;
  memory.available = std::clamp<int64_t>(limit - used + reclaimable, 0, memory.available);
}

}  // namespace

int core_count() {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) == 0) return std::max(1, CPU_COUNT(&allowed));
  return std::max(1, int(std::thread::hardware_concurrency()));  // The set holds no more than 1,024 cores.
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
  std::ifstream groups("/proc/self/cgroup");
  std::string text;
  std::getline(groups, text, '\0');  // All of it, and nothing when it cannot be read.
  return memory_within("/sys/fs/cgroup", text, memory);
}

Memory memory_within(const std::filesystem::path& mounted, const std::string& groups, Memory machine) {
  Memory memory = machine;
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {  // A line reads "0::/a/b" or "9:memory:/a/b".
    size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1);
    bool version1 = ("," + controllers + ",").find(",memory,") != std::string::npos;
    if (!version1 && !controllers.empty()) continue;
    std::filesystem::path group = version1 ? mounted / "memory" : mounted;
    narrow(group, version1 ? kVersion1 : kVersion2, memory);
    // A group's path leads through the groups around it, each of which has a limit of its own.
    for (const std::filesystem::path& name : std::filesystem::path(line.substr(second + 1)).relative_path())
      narrow(group /= name, version1 ? kVersion1 : kVersion2, memory);
  }
  return memory;
}

}  // namespace caddie
