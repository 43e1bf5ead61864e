// SPDX-License-Identifier: Apache-2.0
#include "support/laboratory.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "base/files.h"
#include "support/paths.h"

namespace caddie::testing {

namespace fs = std::filesystem;

const std::string kProgram = build_folder() / "bin/caddie";

Outcome shell(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen((kProgram + " " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  char buffer[4096];
  for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
  int status = ::pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), output};
}

std::string in_shell_quotes(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

Json json_in(const Outcome& outcome) {
  INFO(outcome.output);
  size_t begin = outcome.output.find('{'), end = outcome.output.rfind('}');
  REQUIRE(end != std::string::npos);
  return Json::parse(outcome.output.substr(begin, end - begin + 1));
}

Laboratory::Laboratory() {
  Outcome prepared =
      shell(fmt::format("data prepare --text {} --tokenizer {} --output {} --validation-fraction 0.1",
                        data_file("prose.txt").string(), small_tokenizer().string(), data().string()));
  INFO(prepared.output);
  REQUIRE(prepared.code == 0);
  write_file(experiment(),
             fmt::format(R"(
extends = "{}/experiments/quickstart.toml"
[budget]
steps = 24
[data]
train = "{}/train_*.bin"
validation = "{}/val_*.bin"
tokenizer = "{}/tokenizer.model"
sequence_length = 32
batch_tokens = 256
[model]
vocabulary = 420
layers = 2
dim = 32
[train]
micro_batch_tokens = 64
validate_every = 10
)",
                         source_folder().string(), data().string(), data().string(), data().string()));
}

Outcome Laboratory::run(const std::string& output, const std::string& more) const {
  return shell(fmt::format("run {} --output {} {}", experiment().string(), folder(output).string(), more));
}

Laboratory& laboratory() {
  static Laboratory one;
  return one;
}

bool has_checkpoint(const fs::path& folder) {
  std::error_code error;  // folders come and go meanwhile
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().filename() == "checkpoint.safetensors") return true;
  return false;
}

pid_t start_program(const std::vector<std::string>& arguments, const fs::path& errors) {
  std::fflush(nullptr);  // or the child prints once more what waits here
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child > 0) return child;
  std::vector<char*> argv = {const_cast<char*>(kProgram.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  if (!std::freopen(errors.c_str(), "a", stderr) || !std::freopen("/dev/null", "w", stdout)) ::_exit(1);
  ::setsid();
  ::execv(kProgram.c_str(), argv.data());
  ::_exit(127);
}

void kill_when(const std::vector<std::string>& arguments, const std::function<bool()>& ready) {
  pid_t child = start_program(arguments, "/dev/null");
  auto start = std::chrono::steady_clock::now();
  while (!ready() && std::chrono::steady_clock::now() - start < std::chrono::seconds(60))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace caddie::testing
