// SPDX-License-Identifier: Apache-2.0
// caddie plugin new KIND NAME writes a technique to start from, with a test, an experiment and a sweep of
// seconds.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "data/prepare.h"
#include "plugin/build.h"
#include "plugin/new_plugin.h"
#include "plugin/registry.h"
#include "plugin/toolchain.h"

namespace caddie {
namespace {

struct NewArguments {
  std::string kind, name;
};

Kind kind_named(const std::string& name) {
  if (std::optional<Kind> kind = kind_called(name)) return *kind;
  fail_usage("caddie plugin new: there is no kind '{}'{}", name, suggestion(name, kind_names()));
}

/// Throws Error when the name is taken or a file would be overwritten.
void check_free(const std::string& name, const std::vector<NewFile>& files) {
  Registry registry;
  for (const PluginFile& file : registry.files())
    if (file.name == name)
      fail_usage("there is a plugin '{}' already: {}; choose another name", name, file.path.string());
  for (const NewFile& file : files)
    if (!file.shared && std::filesystem::exists(file.name))
      fail_usage("{} is there already; choose another name, or move it away", file.name.string());
}

/// Makes the text that the experiments of new plugins train on, unless there is one.
void prepare_text() {
  PrepareOptions options;
  options.text = {text_of_templates()};
  options.output = "data/small";
  options.vocab = 512;
  options.validation_fraction = 0.1;
  options.quiet = true;
  if (std::filesystem::exists(options.output)) return;
  prepare(options);
  tell("prepared {} from {}\n", options.output.string(), options.text[0]);
}

void new_verb(const NewArguments& arguments) {
  Kind kind = kind_named(arguments.kind);
  check_plugin_name(arguments.name, "caddie plugin new");
  std::vector<NewFile> files = new_plugin(kind, arguments.name);
  check_free(arguments.name, files);
  for (const NewFile& file : files) {
    if (file.shared && std::filesystem::exists(file.name)) continue;
    write_file(file.name, file.text);
    if (file.name.extension() == ".sh")
      std::filesystem::permissions(file.name, std::filesystem::perms::owner_exec,
                                   std::filesystem::perm_options::add);
    tell("wrote {}\n", file.name.string());
  }
  prepare_text();
  tell("next:\n");
  for (const std::string& step : next_steps(kind, arguments.name)) tell("  {}\n", step);
}

}  // namespace

void add_plugin_new_command(CLI::App& plugin) {
  auto arguments = std::make_shared<NewArguments>();
  CLI::App* verb = plugin.add_subcommand(
      "new",
      "write a technique to start from into this folder, with a test, an experiment and a sweep of seconds");
  verb->add_option("kind", arguments->kind,
                   "what it is, such as modifier; the kinds are " + join(kind_names(), ", "))
      ->required();
  verb->add_option("name", arguments->name, "what it is called, such as my_gain")->required();
  verb->callback([arguments] { new_verb(*arguments); });
}

}  // namespace caddie
