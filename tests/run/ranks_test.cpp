// SPDX-License-Identifier: Apache-2.0
// Several processes that train together: the same training as that of one, through kills and interrupts.
#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "comm/socket.h"
#include "run/team.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

constexpr int kPatience = 60;  // seconds for whatever is waited for

template <class Ready>
bool wait_until(Ready ready) {
  auto start = std::chrono::steady_clock::now();
  while (!ready()) {
    if (std::chrono::steady_clock::now() - start > std::chrono::seconds(kPatience)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

/// The program in the background; whatever happens, it does not outlive the test by much.
class Process {
 public:
  Process(const std::string& arguments, const fs::path& log, const std::string& variables = "") : log_(log) {
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ > 0) return;
    std::string command =
        fmt::format("exec env {} {} {} > {} 2>&1", variables, kProgram, arguments, log.string());
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  ~Process() {
    if (pid_ > 0) send(SIGKILL), ::waitpid(pid_, nullptr, 0);
  }
  void send(int signal) const { ::kill(pid_, signal); }
  std::string output() const { return read_file(log_); }

  /// Its exit code, as a shell gives it; -1 when it does not end.
  int wait() {
    int status = 0;
    if (!wait_until([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) return -1;
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t pid_;
  fs::path log_;
};

/// Returns what the file of a process in /proc says; "", or its beginning, when the process ends meanwhile.
std::string text_of_process(const std::string& process, const char* file) {
  std::ostringstream text;  // A reader that throws, as that of a file does here, ends what is put in.
  text << std::ifstream(fs::path("/proc") / process / file).rdbuf();
  return text.str();
}

/// Processes whose command line holds all of the words.
std::vector<pid_t> processes_with(const std::vector<std::string>& words) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string line = text_of_process(name, "cmdline");
    for (char& c : line)
      if (c == '\0') c = ' ';
    if (std::all_of(words.begin(), words.end(), [&](auto& word) { return line.find(word) != line.npos; }))
      found.push_back(std::stoi(name));
  }
  return found;
}

/// A training that is long enough to be disturbed, with a checkpoint after every step.
std::string long_run(const std::string& name) {
  return fmt::format(
      "run {} --output {} --threads 1 -S budget.steps=80 -S train.checkpoint_seconds=0.000001 ",
      laboratory().experiment().string(), laboratory().folder(name).string());
}

const Bits& undisturbed() {
  static Bits bits = [] {
    Outcome outcome = shell(long_run("calm_ranks") + "--ranks 2");
    INFO(outcome.output);
    REQUIRE(outcome.code == 0);
    return bits_of(laboratory().folder("calm_ranks"));
  }();
  return bits;
}

std::vector<double> losses_of(const std::string& name) {
  std::vector<double> losses;
  for (const std::string& row : split(read_file(laboratory().folder(name) / "metrics.csv"), '\n'))
    if (std::vector<std::string> cells = split(row, ',');
        cells.size() == 5 && (cells[3] == "train_loss" || cells[3] == "val_bpb"))
      losses.push_back(std::stod(cells[4]));
  return losses;
}

size_t count(const std::string& text, const std::string& word) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++found;
  return found;
}

}  // namespace

TEST_CASE("ranks see the first one's word, and any of them is heard", "[ranks]") {
  auto comms = make_thread_comms(3);
  std::vector<std::string> heard(3), errors(3);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < 3; ++rank)
    threads.emplace_back([&, rank] {
      try {
        Team team(comms[size_t(rank)].get(), "the same");
        heard[size_t(rank)] = team.broadcast(rank == 0 ? "to all of you" : "") +
                              (team.any(rank == 2) ? "!" : "?") + (team.any(false) ? "!" : "?");
        team.check_same("numbers", [&] { return std::string("7"); });
        if (rank == 0) team.release();
        if (rank != 0 && !team.wait_for_start().empty()) heard[size_t(rank)] = "called";
        team.check_same("names", [&] { return std::to_string(rank / 2); });
      } catch (const Error& error) {
        errors[size_t(rank)] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(heard == std::vector<std::string>(3, "to all of you!?"));
  CHECK(errors == std::vector<std::string>(3, "ranks: names of rank 2 differ from those of rank 0"));
}

TEST_CASE("two ranks train what one does in two micro-steps", "[ranks]") {
  REQUIRE(laboratory().run("one_rank", "-S train.accumulation=2").code == 0);
  Outcome outcome = laboratory().run("two_ranks", "--ranks 2");
  INFO(outcome.output);
  REQUIRE(outcome.code == 0);
  std::vector<double> one = losses_of("one_rank"), two = losses_of("two_ranks");
  REQUIRE(one.size() == 26);  // 24 steps, 2 validations
  REQUIRE(two.size() == one.size());
  for (size_t i = 0; i < one.size(); ++i) CHECK(two[i] == Approx(one[i]).margin(1e-5));
  fs::path folder = laboratory().folder("two_ranks");
  CHECK(Json::parse(read_file(folder / "run.json")).at("machine").at("ranks") == 2);
  CHECK(count(outcome.output, "trained 24 steps") == 1);

  Bits bits = bits_of(folder);
  Outcome again = laboratory().run("two_ranks", "--ranks 2");
  CHECK(again.code == 0);
  CHECK(again.output.find("finished before") != std::string::npos);
  CHECK(laboratory().run("two_ranks", "--threads 1").code == 2);  // another run
  CHECK(bits_of(folder) == bits);

  Outcome rerun = shell("rerun " + folder.string());
  CHECK(rerun.code == 2);
  CHECK(rerun.output.find("2 ranks made it") != std::string::npos);

  REQUIRE(
      laboratory().run("warmed_up_ranks", "--ranks 2 --threads 2 -S train.discarded_warmup_steps=3").code ==
      0);
  CHECK(bits_of(laboratory().folder("warmed_up_ranks")) == bits);

  std::string shared = "--ranks 2 --store " + laboratory().folder("ranks_store").string();
  REQUIRE(laboratory().run("making", shared).code == 0);
  Outcome found = laboratory().run("finding", shared + " -S export.compressor.level=3");
  INFO(found.output);
  CHECK(found.code == 0);
  CHECK(count(found.output, "trained 24 steps") == 0);
  CHECK(bits_of(laboratory().folder("finding")).weights == bits.weights);

  REQUIRE(
      laboratory().run("timed_ranks", "--ranks 2 -S budget.seconds=0.05 -S train.validate_every=2").code ==
      0);
}

TEST_CASE("ranks find each other as a launcher says, and stop together", "[ranks]") {
  undisturbed();
  int port = 0;
  Socket reserved = reserve_port(&port);
  std::string variables = fmt::format("MASTER_ADDR=127.0.0.1 MASTER_PORT={} WORLD_SIZE=2 ", port);
  auto start = [&](int rank) {
    std::string own = fmt::format("RANK={0} LOCAL_RANK={0} ", rank);
    return Process(long_run("apart"), laboratory().folder(fmt::format("apart{}.log", rank)), variables + own);
  };
  fs::path folder = laboratory().folder("apart");
  {
    Process first = start(0), second = start(1);
    REQUIRE(wait_until([&] { return has_checkpoint(folder); }));
    for (pid_t pid : processes_with({"apart", kProgram}))
      if (text_of_process(std::to_string(pid), "environ").find("LOCAL_RANK=1") != std::string::npos)
        ::kill(pid, SIGTERM);
    CHECK(first.wait() == 130);
    CHECK(second.wait() == 130);
    CHECK(first.output().find("interrupted at step") != std::string::npos);
    CHECK(second.output() == "");
  }
  Process first = start(0), second = start(1);
  CHECK(first.wait() == 0);
  CHECK(second.wait() == 0);
  CHECK(first.output().find("going on from the checkpoint") != std::string::npos);
  CHECK(second.output() == "");
  CHECK(bits_of(folder) == undisturbed());
}

TEST_CASE("a rank that is killed ends the others, and the training goes on to the same bits", "[ranks]") {
  undisturbed();
  fs::path folder = laboratory().folder("storm");
  std::string command = long_run("storm") + "--ranks 2";
  for (int rank : {1, 0}) {
    Process launcher(command, laboratory().folder("storm.log"));
    std::error_code error;
    fs::file_time_type before = rank == 1 ? fs::file_time_type() : fs::last_write_time(folder / "run.json");
    REQUIRE(wait_until(
        [&] { return has_checkpoint(folder) && fs::last_write_time(folder / "run.json", error) != before; }));
    for (pid_t pid : processes_with({folder.string() + " ", fmt::format("--rank {}", rank)}))
      ::kill(pid, SIGKILL);
    CHECK(launcher.wait() == (rank == 0 ? 137 : 1));
    std::string says = rank == 0 ? "error: rank 1: rank 0 has left" : "error: rank 1 has left";
    INFO(launcher.output());
    CHECK(count(launcher.output(), says) == 1);
    CHECK(processes_with({folder.string() + " "}).empty());
  }
  Outcome resumed = shell(command);
  INFO(resumed.output);
  CHECK(resumed.code == 0);
  CHECK(resumed.output.find("going on from the checkpoint") != std::string::npos);
  CHECK(bits_of(folder) == undisturbed());
}

TEST_CASE("who starts ranks hands signals on and leaves none behind", "[ranks]") {
  undisturbed();
  fs::path folder = laboratory().folder("stopped_ranks");
  std::string command = long_run("stopped_ranks") + "--ranks 2";
  fs::path log = laboratory().folder("stopped_ranks.log");
  Process interrupted(command, log);
  REQUIRE(wait_until([&] { return has_checkpoint(folder); }));
  for (int i = 0; i < 2; ++i) interrupted.send(SIGINT);  // as a launcher and a terminal together do
  CHECK(interrupted.wait() == 130);
  CHECK(count(interrupted.output(), "interrupted at step") == 1);
  CHECK(processes_with({folder.string() + " "}).empty());

  Process killed(command, log);
  REQUIRE(wait_until([&] { return processes_with({folder.string() + " ", "--rank "}).size() == 2; }));
  killed.send(SIGKILL);
  CHECK(wait_until([&] { return processes_with({folder.string() + " ", "--rank "}).empty(); }));

  Outcome resumed = shell(command);
  INFO(resumed.output);
  CHECK(resumed.code == 0);
  CHECK(bits_of(folder) == undisturbed());
}

TEST_CASE("mistakes with ranks give one clear error", "[ranks]") {
  struct Mistake {
    const char *variables, *settings, *says;
  };
  const Mistake kMistakes[] = {
      {"", "--ranks 3", "batch_tokens 256 over 3 rank(s)"},
      {"", "--ranks 2 -S model.leyers=3", "unknown key 'leyers'"},
      {"", "--rank 0", "--rank and --ranks belong together"},
      {"", "--ranks 0", "--ranks"},
      {"RANK=0 WORLD_SIZE=4 LOCAL_RANK=0 MASTER_ADDR=a", "--ranks 2", "this is one of 4 already"},
  };
  for (const Mistake& mistake : kMistakes) {
    Outcome outcome = shell(fmt::format("-h > /dev/null; {} {} run {} --output {} {}", mistake.variables,
                                        kProgram, laboratory().experiment().string(),
                                        laboratory().folder("none").string(), mistake.settings));
    INFO(mistake.settings << ": " << outcome.output);
    CHECK(outcome.code == 2);
    CHECK(count(outcome.output, mistake.says) == 1);
  }
  CHECK_FALSE(fs::exists(laboratory().folder("none")));
}

TEST_CASE("ranks of different runs do not train together", "[ranks]") {
  struct Case {
    const char *second, *says;
  };
  const Case kCases[] = {{"--rank 1 --ranks 4", "rank 1 of 4 came to rank 0 of 2"},
                         {"--rank 1 --ranks 2 --seed 7", "data or build of rank 1 differ"}};
  for (const Case& one : kCases) {
    int port = 0;
    Socket reserved = reserve_port(&port);
    std::string variables = fmt::format("MASTER_ADDR=127.0.0.1 MASTER_PORT={}", port);
    Process first(long_run("mixed") + "--rank 0 --ranks 2", laboratory().folder("mixed0.log"), variables);
    Process second(long_run("mixed") + one.second, laboratory().folder("mixed1.log"), variables);
    CHECK(first.wait() == 1);
    CHECK(second.wait() == 1);
    CHECK(first.output().find(one.says) != std::string::npos);
    CHECK(second.output().find("error: rank 1: ranks: ") != std::string::npos);
  }
  CHECK_FALSE(fs::exists(laboratory().folder("mixed")));
}
