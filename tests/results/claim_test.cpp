// SPDX-License-Identifier: Apache-2.0
// One process at a time has a folder, and everybody can read which one.
#include "results/claim.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "support/temporary_folder.h"

using namespace caddie;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// Runs `body` in a process of its own and returns the exit code that it gives.
template <class Body>
int in_child(Body body) {
  pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a claimed folder is refused to others, who are told whose it is", "[claim]") {
  TemporaryFolder folder;
  {
    FolderClaim claim = FolderClaim::take_or_refuse(folder.path(), "wait");
    CHECK(is_claimed(folder.path()));
    CHECK_FALSE(FolderClaim::take(folder.path()));
    Json owner = Json::parse(read_file(folder / "lock"));
    CHECK(owner.at("process") == int64_t(::getpid()));
    CHECK_THAT(owner.at("command").get<std::string>(), Contains("caddie-tests"));
    std::string who =
        fmt::format("{}: process {} on {} has been at work on it since {} (", folder.path().string(),
                    ::getpid(), owner.at("host").get<std::string>(), owner.at("since").get<std::string>());
    try {
      FolderClaim::take_or_refuse(folder.path(), "wait for it");
      FAIL("it was claimed twice");
    } catch (const Error& error) {
      CHECK(error.code() == kUsage);
      CHECK_THAT(error.what(), Catch::StartsWith(who) && Catch::EndsWith("); wait for it"));
    }
  }
  CHECK_FALSE(is_claimed(folder.path()));
  CHECK_FALSE(was_left_behind(folder.path()));
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a process that is killed gives its claim up and leaves a trace", "[claim]") {
  TemporaryFolder folder;
  CHECK(in_child([&] {
          std::optional<FolderClaim> claim = FolderClaim::take(folder.path());
          return claim && is_claimed(folder.path()) ? (::kill(::getpid(), SIGKILL), 0) : 1;
        }) == -1);
  CHECK_FALSE(is_claimed(folder.path()));
  CHECK(was_left_behind(folder.path()));
  CHECK(FolderClaim::take(folder.path()));
  CHECK_FALSE(was_left_behind(folder.path()));
}

TEST_CASE("a claim that is handed over stays held until the child ends", "[claim]") {
  TemporaryFolder folder;
  int hold[2];
  REQUIRE(::pipe(hold) == 0);
  std::optional<FolderClaim> claim = FolderClaim::take(folder.path());
  REQUIRE(claim);
  claim->hand_over();
  pid_t child = ::fork();
  if (child == 0) {
    std::optional<FolderClaim> own = FolderClaim::take(folder.path());
    char byte = own ? 'y' : 'n';
    ::close(hold[0]);
    bool wrote = ::write(hold[1], &byte, 1) == 1;
    ::pause();
    ::_exit(!wrote);
  }
  claim.reset();
  char taken = 0;
  REQUIRE(::read(hold[0], &taken, 1) == 1);
  CHECK(taken == 'y');
  CHECK(is_claimed(folder.path()));
  CHECK_FALSE(FolderClaim::take(folder.path()));
  CHECK_THAT(holder_of(folder.path()), Contains(std::to_string(child)));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(FolderClaim::take(folder.path()));
  for (int end : hold) ::close(end);
}

TEST_CASE("of many processes that want a folder one has it at a time", "[claim]") {
  TemporaryFolder folder;
  fs::path inside = folder / "inside";
  constexpr int kProcesses = 4, kTurns = 25;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    pid_t child = ::fork();
    if (child != 0) {
      children.push_back(child);
      continue;
    }
    int met = 0;
    for (int turn = 0; turn < kTurns; ++turn) {
      FolderClaim claim = FolderClaim::wait_for(folder.path(), {});
      met += ::mkdir(inside.c_str(), 0700) != 0;
      ::rmdir(inside.c_str());
    }
    ::_exit(met);
  }
  for (pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(status == 0);
  }
}

TEST_CASE("a file of others that is called as the claim is stays as it is", "[claim]") {
  TemporaryFolder folder;
  fs::path file = folder.write("lock", "combination 1234");
  CHECK_THROWS_WITH(FolderClaim::take(folder.path()), Contains("lock: Caddie did not make it"));
  CHECK(read_file(file) == "combination 1234");
  for (const char* cut : {"", "{\"ho", "{\"host\": \"box\", \"pro"}) {
    write_file(file, cut);
    CHECK_NOTHROW(FolderClaim::take(folder.path()));
  }
}

TEST_CASE("a damaged claim in a folder that Caddie made is written anew", "[claim]") {
  TemporaryFolder folder;
  REQUIRE(make_owned_folder(folder.path()));
  folder.write("lock", std::string("\0\0{{", 4));
  CHECK(FolderClaim::take(folder.path()));
}

TEST_CASE("who waits for a claim may give up", "[claim]") {
  TemporaryFolder folder;
  std::optional<FolderClaim> claim = FolderClaim::take(folder.path());
  CHECK_THROWS_WITH(FolderClaim::wait_for(folder.path(), [] { throw Error("stopped"); }), "stopped");
  FolderClaim later = FolderClaim::wait_for(folder.path(), [&] { claim.reset(); });
  CHECK(is_claimed(folder.path()));
}
