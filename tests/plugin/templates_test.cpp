// SPDX-License-Identifier: Apache-2.0
// What `caddie plugin new` writes, for every kind: it compiles, declares a setting, and acts in the
// experiment that comes with it. All are compiled as one, because most of the time goes to the headers.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/text.h"
#include "data/prepare.h"
#include "experiment/plugin_description.h"
#include "plugin/new_plugin.h"
#include "plugin/own_folder.h"
#include "plugin/registry.h"
#include "plugin/sanitize.h"
#include "plugin/toolchain.h"
#include "results/run_folder.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

std::vector<Kind> all_kinds() {
  std::vector<Kind> kinds;
  for (uint8_t kind = 0; kind < uint8_t(Kind::kCount); ++kind) kinds.push_back(Kind(kind));
  return kinds;
}

std::string name_for(Kind kind) { return "my_" + std::string(name_of(kind)); }

void run_compiler(const std::string& arguments) {
  const Toolchain& tools = toolchain();
  std::string command = tools.compiler + " " + join(tools.compile, " ") + " -O1 -w -shared -I" +
                        tools.include.string() + " " + arguments;
  INFO(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

/// Compiles the sources of all kinds into one library, in which the entry of each bears the plugin's name,
/// and for each a small one, as programs open it, which hands that entry on.
void compile_all() {
  std::string all =
      "#include <caddie/plugin.h>\n#include <caddie/quantize.h>\n#include <caddie/weight_loops.h>\n"
      "#include <algorithm>\n#include <cmath>\n#include <string>\n#undef CADDIE_SDK_HASH\n";
  for (Kind kind : all_kinds()) {
    std::string name = name_for(kind);
    all += "#define CADDIE_SDK_HASH " + name + "\nnamespace of_" + name + " {\n#include \"" + name +
           ".cpp\"\n}\n#undef CADDIE_SDK_HASH\n";
  }
  write_file("all.cpp", all);
  run_compiler("all.cpp -o all.so " + toolchain().library.string());
  write_file("one.c",
             "const void* FROM(void);\n"
             "__attribute__((visibility(\"default\"))) const void* TO(void) { return FROM(); }\n");
  for (Kind kind : all_kinds()) {
    std::string name = name_for(kind), folder = "plugins/" + folder_of_kind(kind);
    fs::create_directories(folder);
    std::string command = message(
        "gcc -shared -fPIC -DFROM=caddie_plugin_{} -DTO=caddie_plugin_{} one.c -o "
        "{}/{}.so \"$PWD/all.so\"",
        {name, sdk_of_this_program(), folder, name});
    REQUIRE(std::system(command.c_str()) == 0);
  }
}

}  // namespace

TEST_CASE("structs are called like their plugins, and not like types of the SDK", "[plugin]") {
  CHECK(struct_of("my_gain2") == "MyGain2");
  CHECK(struct_of("modifier") == "ModifierPlugin");
  CHECK(struct_of("var") == "VarPlugin");
}

TEST_CASE("what a new plugin of each kind begins as compiles, declares a setting and acts", "[plugin]") {
  if (is_sanitized()) {
    WARN("skipped: sanitized trainings of every kind take minutes, and the release build has them");
    return;
  }
  OwnFolder folder;
  for (Kind kind : all_kinds())
    for (const NewFile& file : new_plugin(kind, name_for(kind))) write_file(file.name, file.text);
  compile_all();
  Registry registry({"plugins"});
  REQUIRE(registry.files().size() == all_kinds().size());
  PrepareOptions text;
  text.text = {text_of_templates()};
  text.output = "data/small";
  text.vocab = 512;
  text.validation_fraction = 0.1;
  text.quiet = true;
  prepare(text);
  std::string names;
  for (Kind kind : all_kinds()) {
    std::string name = name_for(kind);
    INFO(name);
    PluginDescription description = describe_plugin(registry, name, "test");
    CHECK(description.loaded->entry->kind == kind);
    CHECK(std::string(description.loaded->entry->card.source) == "fill in");
    CHECK((kind == Kind::kTextTransform) == description.settings.empty());
    if (kind == Kind::kTextTransform) {
      text.transform = {name, registry.make<TextTransform>(name, "test")};
      text.output = "data/" + name;
      CHECK(prepare(text).train.tokens > 0);
    }
    Outcome run = shell("run " + name + ".toml --strict --output runs/" + name);
    INFO(run.output);
    CHECK(run.code == 0);
    if (run.code == 0) CHECK(read_summary("runs/" + name).effect_check == "ok");
    Outcome plan = shell("plan " + name + "_sweep.toml");
    INFO(plan.output);
    CHECK(plan.code == 0);
    names += " " + name;
  }
  Outcome laws = shell("plugin test" + names);
  INFO(laws.output);
  CHECK(laws.code == 0);
}
