// SPDX-License-Identifier: Apache-2.0
// A sweep that is killed at random moments ends with the rows of an undisturbed one. Hidden, for it takes
// minutes: caddie-tests "[.kill]", with CADDIE_KILLS=200 for the full proof.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include "base/files.h"
#include "base/text.h"
#include "support/bits.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

/// Kills the sweep and, when `all`, its runs too; left alone these are asked to stop and save a checkpoint.
void kill_sweep(pid_t sweep, bool all) {
  ::kill(-sweep, SIGKILL);
  if (!all) return;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    // After the name in parentheses: state, parent, process group, session.
    std::vector<std::string> fields = split(text.substr(text.rfind(')') + 2), ' ');
    if (std::stoi(fields.at(3)) == sweep) ::kill(std::stoi(entry.path().filename()), SIGKILL);
  }
}

/// Whether the sweep ended well within `seconds`.
bool ends_within(pid_t sweep, double seconds) {
  auto start = Clock::now();
  while (Clock::now() - start < std::chrono::duration<double>(seconds)) {
    int status = 0;
    if (::waitpid(sweep, &status, WNOHANG) == sweep) {
      CHECK(WIFEXITED(status));
      CHECK(WEXITSTATUS(status) == 0);
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace

TEST_CASE("a sweep killed at random moments has the rows of an undisturbed one", "[.kill]") {
  const char* wanted = std::getenv("CADDIE_KILLS");
  int kills = wanted ? std::stoi(wanted) : 20;
  fs::path file = laboratory().folder("kill.toml"), log = laboratory().folder("kill.log");
  write_file(file, R"(
base = "tiny.toml"
seeds = [1, 2]
[design.baseline]
"train.schedule.warmdown_steps" = 6
[[axis]]
toggle = "trigram_hash"
[[axis]]
key = "train.schedule.warmdown_steps"
values = [6, 12]
[[axis]]
slot = "export.compressor"
use = ["zstd", "zlib"]
[[axis]]
key = "train.checkpoint_seconds"
values = [0.001]
)");
  // Always the same folder, for its name is part of each run's command.
  fs::path folder = laboratory().folder("storm");
  std::vector<std::string> arguments = {"sweep", file, "--output", folder, "-j", "2", "-q"};
  auto start = Clock::now();
  REQUIRE(ends_within(start_program(arguments, log), 600));
  double duration = std::chrono::duration<double>(Clock::now() - start).count();
  std::string expected = results_of(folder);
  fs::remove_all(folder);
  REQUIRE(std::count(expected.begin(), expected.end(), '\n') == 18);  // head, 16 rows, end

  std::mt19937 random(20261122);
  int done = 0, ended = 0;
  while (done < kills || fs::exists(folder)) {
    pid_t sweep = start_program(arguments, log);
    double delay = std::uniform_real_distribution<double>(0, 0.6 * duration)(random);
    if (ends_within(sweep, done < kills ? delay : 600)) {
      INFO("after " << done << " kills; see " << log.string());
      REQUIRE(results_of(folder) == expected);
      fs::remove_all(folder);
      ++ended;
      continue;
    }
    kill_sweep(sweep, done % 2 == 0);
    ::waitpid(sweep, nullptr, 0);
    ++done;
  }
  WARN(done << " kills, " << ended << " sweeps, each with the rows of the undisturbed one");
}
