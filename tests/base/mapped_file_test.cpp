// SPDX-License-Identifier: Apache-2.0
// A mapped file that loses its end while it is read is named in the last words of the process.
#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <utility>

#include "base/files.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// Reads the last byte of a mapped file after it was emptied, in a process of its own whose stderr goes to a
/// file. Returns its status as waitpid() gives it.
int read_beyond_the_end(MappedFile& mapped, const fs::path& file, const fs::path& errors, bool named) {
  fs::resize_file(file, 0);
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(::open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    std::signal(SIGBUS, SIG_DFL);
    if (named) name_cut_files();
    volatile std::byte last = mapped.bytes().back();
    ::_exit(last == std::byte(0) ? 10 : 11);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

}  // namespace

TEST_CASE("reading a mapped file that was cut short ends in an error that names it", "[base]") {
  TemporaryFolder folder;
  fs::path file = folder / "shard.bin", errors = folder / "errors";
  write_file(folder / "other.bin", std::string(50000, 'x'));
  MappedFile other(folder / "other.bin");
  write_file(file, "short");
  MappedFile moved(file);
  write_file(file, std::string(50000, 'x'));
  moved = MappedFile(file);  // The entry of the first mapping is free for another one now.
  int status = read_beyond_the_end(moved, file, errors, true);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
  CHECK(read_file(errors) == "error: " + file.string() +
                                 ": cannot be read to its end: it was cut short while it was in use, or its "
                                 "disk fails\n");
}

TEST_CASE("without the handler such a process dies of the signal", "[base]") {
  TemporaryFolder folder;
  fs::path file = folder / "shard.bin", errors = folder / "errors";
  write_file(file, std::string(50000, 'x'));
  MappedFile mapped(file);
  int status = read_beyond_the_end(mapped, file, errors, false);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGBUS);
}
