// SPDX-License-Identifier: Apache-2.0
// Plugins on disk: found by name, opened once, and refused with what would help.
#include <caddie/error.h>
#include <caddie/slots.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <string>

#include "base/files.h"
#include "plugin/registry.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// The file of a plugin that every build has.
fs::path library(const char* name) {
  return Registry::default_folders().at(0) / "averagers" / (std::string(name) + ".so");
}

/// The exit code of the Error that `action` throws; 0 when it throws none.
int code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  return 0;
}

}  // namespace

TEST_CASE("plugins are found in a folder and one level below it", "[plugin]") {
  TemporaryFolder folder;
  fs::create_directories(folder / "averagers/deeper");
  fs::copy_file(library("ema"), folder / "zulu.so");
  fs::copy_file(library("ema"), folder / "averagers/alpha.so");
  fs::copy_file(library("ema"), folder / "averagers/deeper/out_of_sight.so");
  folder.write("averagers/notes.txt", "no plugin");
  Registry registry({folder.path(), folder / "nowhere"});
  REQUIRE(registry.files().size() == 2);
  CHECK(registry.files()[0].name == "alpha");
  CHECK(registry.files()[1].name == "zulu");
  CHECK(registry.opened().empty());
}

TEST_CASE("a folder of plugins that cannot be listed is told, not taken for an empty one", "[plugin]") {
  TemporaryFolder folder;
  fs::create_directory_symlink("loop", folder / "loop");
  CHECK_THROWS_WITH(Registry({folder / "loop"}),
                    (folder / "loop").string() + ": cannot list it: Too many levels of symbolic links");
}

TEST_CASE("a plugin is opened when it is asked for, and once", "[plugin]") {
  Registry registry;
  const LoadedPlugin& first = registry.open("ema", "[train.averager]");
  CHECK(first.entry->kind == Kind::kAverager);
  CHECK(first.sha256.size() == 64);
  CHECK(&registry.open("ema", "elsewhere") == &first);
  CHECK(registry.make<Averager>("ema", "here")->average().empty());
  CHECK(registry.opened().size() == 1);
}

TEST_CASE("a name that no plugin has is answered with one that is near", "[plugin]") {
  Registry registry;
  auto open = [&] { registry.open("emma", "[train.averager] (a.toml:3:7)"); };
  CHECK_THROWS_WITH(open(), Catch::StartsWith("[train.averager] (a.toml:3:7): there is no plugin 'emma'") &&
                                Catch::Contains("did you mean 'ema'"));
  CHECK(code_of(open) == 4);
}

TEST_CASE("a plugin of another kind is a mistake in the experiment", "[plugin]") {
  Registry registry;
  auto make = [&] { registry.make<Compressor>("ema", "[export.compressor]"); };
  CHECK_THROWS_WITH(make(), Catch::Contains("'ema' is of kind averager; wanted one of kind compressor"));
  CHECK(code_of(make) == 2);
}

TEST_CASE("files that are no plugins of this build are refused before their code runs", "[plugin]") {
  TemporaryFolder folder;
  folder.write("text.so", "not a library");
  // Whatever the entry symbol is called, it is called otherwise now.
  std::string bytes = read_file(library("ema")), entry = "caddie_plugin_" + sdk_of_this_program();
  REQUIRE(bytes.find(entry) != std::string::npos);
  std::string foreign = "caddie_plugin_" + std::string(sdk_of_this_program().size(), '0');
  for (size_t at = 0; (at = bytes.find(entry, at)) != std::string::npos;)
    bytes.replace(at, entry.size(), foreign);
  folder.write("foreign.so", bytes);
  Registry registry({folder.path()});
  CHECK(sdk_of(registry.files()[0]) == std::string(sdk_of_this_program().size(), '0'));
  CHECK(sdk_of(registry.files()[1]) == "");
  CHECK_THROWS_WITH(
      registry.open("foreign", "here"),
      Catch::Contains("was built for SDK 0000") && Catch::Contains("build it again: caddie plugin build "));
  CHECK_THROWS_WITH(registry.open("text", "here"), Catch::Contains("text.so is no library"));
  CHECK(code_of([&] { registry.open("text", "here"); }) == 4);
  CHECK(registry.opened().empty());
}

TEST_CASE("two plugins of one name are refused, with both places", "[plugin]") {
  TemporaryFolder folder;
  fs::create_directories(folder / "mine");
  fs::copy_file(library("ema"), folder / "ema.so");
  fs::copy_file(library("ema"), folder / "mine/ema.so");
  auto look = [&] { Registry registry({folder.path()}); };
  CHECK_THROWS_WITH(look(),
                    Catch::Contains("two plugins are called 'ema'") && Catch::Contains("mine/ema.so"));
  CHECK(code_of(look) == 4);
}
