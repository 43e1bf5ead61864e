// SPDX-License-Identifier: Apache-2.0
// What an export may replace: the file that was named, and settings that an earlier export wrote.
#include "run/export_again.h"

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "base/exit_code.h"
#include "run/untrained_run.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

TEST_CASE("a settings file that no export wrote is not replaced by one", "[run]") {
  UntrainedRun made;
  StatusLine status(true);
  fs::path file = made.folder.path() / "exp1.bin", own = made.folder.path() / "exp1.toml";
  auto export_it = [&] { export_again(made.run, {}, file, Device::kCpu, status); };
  for (const std::string& text : {std::string("title = \"mine\"\n"), made.text(), std::string()}) {
    write_file(own, text);
    try {
      export_it();
      FAIL("the user's file was replaced");
    } catch (const Error& error) {
      CHECK(error.code() == kUsage);
      CHECK_THAT(error.what(), Contains("exp1.toml: would be replaced by the settings of "));
    }
    CHECK(read_file(own) == text);
    CHECK_FALSE(fs::exists(file));
  }
  fs::remove(own);
  write_file(file, "what the user wants replaced");
  export_it();
  CHECK(read_file(file) == made.own_bytes);
  std::string settings = read_file(own);
  export_it();
  CHECK(read_file(own) == settings);
  CHECK(Tree::load(own).has("data.train"));
  CHECK_THROWS_WITH(settings_file_beside(own), Contains("give the artifact another ending"));
}

TEST_CASE("nothing is written beside a device", "[run]") {
  UntrainedRun made;
  StatusLine status(true);
  for (const char* device : {"/dev/null", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"})
    CHECK(settings_file_beside(device).empty());
  CHECK(settings_file_beside(made.folder.path()).empty());
  CHECK(settings_file_beside("/dev/shm/none-such.bin") == "/dev/shm/none-such.toml");
  CHECK(export_again(made.run, {}, "/dev/null", Device::kCpu, status).bytes ==
        int64_t(made.own_bytes.size()));
  CHECK_FALSE(fs::exists("/dev/null.toml"));
}
