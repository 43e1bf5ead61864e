// SPDX-License-Identifier: Apache-2.0
// A sweep of 500 runs needs no more memory, descriptors, threads, processes or files at its end than early
// on. Hidden, for it takes minutes: caddie-tests "[.soak]".
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

/// Returns the number behind "NAME:" in /proc/PROCESS/status.
int64_t status_number(pid_t process, const std::string& name) {
  std::ifstream file(fmt::format("/proc/{}/status", process));
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return std::stoll(line.substr(name.size() + 1));
  return 0;
}

int64_t entries(const fs::path& folder) {
  std::error_code error;
  return std::distance(fs::directory_iterator(folder, error), {});
}

/// Counts the children of a process that have ended and are not waited for.
int zombies_of(pid_t parent) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    // After the name in parentheses: state, parent.
    std::vector<std::string> fields = split(text.substr(text.rfind(')') + 2), ' ');
    count += fields.at(0) == "Z" && std::stoi(fields.at(1)) == parent;
  }
  return count;
}

/// The most of each that a sweep was seen to have while a part of its runs was made.
struct Peak {
  int64_t kilobytes = 0, descriptors = 0, threads = 0, zombies = 0;

  void see(pid_t sweep) {
    kilobytes = std::max(kilobytes, status_number(sweep, "VmRSS"));
    threads = std::max(threads, status_number(sweep, "Threads"));
    descriptors = std::max(descriptors, entries(fmt::format("/proc/{}/fd", sweep)));
    zombies = std::max<int64_t>(zombies, zombies_of(sweep));
  }
};

/// Counts all files below a folder by their names.
std::map<std::string, int> names_below(const fs::path& folder) {
  std::map<std::string, int> count;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    count[entry.path().filename()] += entry.is_regular_file();
  return count;
}

}  // namespace

TEST_CASE("a sweep of 500 runs takes no more at its end than early on", "[.soak]") {
  constexpr int kSeeds = 250, kRuns = 2 * kSeeds, kParts = 5;
  fs::path file = laboratory().folder("soak.toml"), folder = laboratory().folder("soak");
  std::string seeds;
  for (int seed = 1; seed <= kSeeds; ++seed) seeds += fmt::format("{}{}", seed > 1 ? ", " : "", seed);
  write_file(file,
             fmt::format("base = \"tiny.toml\"\nseeds = [{}]\n[[axis]]\ntoggle = \"trigram_hash\"\n", seeds));
  pid_t sweep = start_program({"sweep", file, "--output", folder, "-j", "2", "--threads", "1", "-q"},
                              laboratory().folder("soak.log"));
  Peak peaks[kParts];
  int status = 0;
  while (::waitpid(sweep, &status, WNOHANG) == 0) {
    int64_t begun = entries(folder / "runs");
    peaks[std::min<int64_t>(kParts - 1, begun * kParts / kRuns)].see(sweep);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  INFO(read_file(laboratory().folder("soak.log")));
  REQUIRE(WIFEXITED(status));
  REQUIRE(WEXITSTATUS(status) == 0);
  for (const Peak& peak : peaks)
    WARN(fmt::format("at most {} KB, {} descriptors, {} threads, {} zombies", peak.kilobytes,
                     peak.descriptors, peak.threads, peak.zombies));
  const Peak &early = peaks[1], &late = peaks[kParts - 2];
  CHECK(early.kilobytes > 0);
  // The sweep remembers some kilobytes of each run that has ended, for its tables.
  CHECK(late.kilobytes - early.kilobytes < 10 * (kParts - 3) * kRuns / kParts);
  CHECK(late.descriptors <= early.descriptors);
  CHECK(late.threads <= early.threads);
  CHECK(late.zombies <= 2);  // An ended run is waited for a moment later.

  std::map<std::string, int> names = names_below(folder);
  for (const char* one : {"resolved.toml", "run.json", "summary.json"}) CHECK(names[one] == kRuns);
  CHECK(names["lock"] == 0);
  CHECK(names["checkpoint.safetensors"] == 0);
  for (const auto& [name, count] : names) {
    INFO(name << ": " << count);
    CHECK(writer_of_temporary(name) == 0);
  }
}
