// SPDX-License-Identifier: Apache-2.0
// Progress that cannot be written to stderr is lost, and the work goes on.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "base/files.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

TEST_CASE("a stderr that takes nothing stops no work", "[cli]") {
  fs::path sweep = laboratory().folder("quiet.toml");
  write_file(sweep,
             "base = \"tiny.toml\"\nseeds = [1, 2]\n[run]\norder = \"listed\"\n[design]\nkind = \"grid\"\n");
  int number = 0;
  for (const char* stderr_of : {"2>/dev/full", "2>&-"}) {
    fs::path folder = laboratory().folder(fmt::format("quiet{}", ++number));
    INFO(stderr_of);
    // The shell's last word on stderr is the one of shell(), which is that of the outer command.
    Outcome swept =
        shell(fmt::format("--version > /dev/null; {} sweep {} --output {} -j 2 --allow-no-effect {}",
                          kProgram, sweep.string(), folder.string(), stderr_of) +
              "; echo code $?; true");
    INFO(swept.output);
    CHECK_THAT(swept.output, Catch::Contains("quiet: 2 of 2 runs done") && Catch::EndsWith("code 0\n"));
    Outcome again =
        shell(fmt::format("--version > /dev/null; {} run {} --output {} {}", kProgram,
                          laboratory().experiment().string(), (folder / "alone").string(), stderr_of) +
              "; echo code $?; true");
    CHECK_THAT(again.output, Catch::EndsWith("code 0\n"));
  }
}
