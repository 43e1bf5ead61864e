// SPDX-License-Identifier: Apache-2.0
// Puts commands together from the note of the compiler and what a source asks for, and runs them.
#include "plugin/compile.h"

#include <caddie/error.h>
#include <unistd.h>

#include <algorithm>
#include <regex>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/owned_folder.h"
#include "plugin/source_text.h"
#include "plugin/toolchain.h"
#include "process/child_set.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// Appends the arguments that pkg-config prints for libraries.
void add_from_pkg_config(const char* what, const Words& libraries, Words& arguments) {
  if (libraries.empty()) return;
  std::optional<std::string> output =
      output_of_command(std::string("pkg-config ") + what + " " + join(libraries, " "));
  if (!output)
    throw Error(message("pkg-config knows not all of the libraries that a line '// Links:' names: {}",
                        {join(libraries, " ")}),
                kPluginRefused);
  for (const std::string& word : split(trimmed(*output), ' '))
    if (!word.empty()) arguments.push_back(word);
}

/// Returns the libraries that lines "// Links: zlib" in a source name.
Words links_of(const std::string& text) {
  Words libraries;
  constexpr std::string_view kLinks = "// Links: ";
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(kLinks)) continue;
    for (const std::string& name : split(line.substr(kLinks.size()), ' ')) {
      if (name.empty()) continue;
      bool plain =
          name[0] != '-' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
            return std::isalnum(c) || std::string_view("._+-").find(char(c)) != std::string_view::npos;
          });
      if (!plain) throw Error(message("'// Links: {}' names no library", {name}), kPluginRefused);
      libraries.push_back(name);
    }
  }
  return libraries;
}

/// Reads the files that a rule of make names as prerequisites, whose spaces stand behind a backslash. The
/// SDK's headers are left out: its hash stands for them.
std::vector<fs::path> prerequisites(const std::string& rule) {
  std::vector<fs::path> files;
  std::string word;
  auto end_word = [&] {
    if (!word.empty() && !word.starts_with(toolchain().include.string() + "/")) files.emplace_back(word);
    word.clear();
  };
  for (size_t i = rule.find(':') + 1; i < rule.size(); ++i) {
    if (rule[i] == '\\' && i + 1 < rule.size() && rule[i + 1] == ' ')
      word += rule[++i];
    else if (rule[i] == ' ' || rule[i] == '\n' || rule[i] == '\\')
      end_word();
    else
      word += rule[i];
  }
  end_word();
  return files;
}

}  // namespace

std::optional<std::string> output_of_command(const std::string& command) {
  std::string output;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  check(pipe != nullptr, "cannot run {}", command);
  char buffer[1024];
  for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
  if (::pclose(pipe) != 0) return std::nullopt;
  return output;
}

int run_program(const Words& command) {
  check(fs::exists(command.at(0)), "{}: there is no such program; install it", command[0]);
  ChildSet children;
  children.start(0, {.arguments = command, .program = command.at(0)});
  while (true) {
    ChildSet::Event event = children.wait(1);
    if (event.stop_signal != 0) throw Error("interrupted", kInterrupted);
    if (event.ended) return event.ended->how.shell_code();
  }
}

ScratchFolder::ScratchFolder(const std::string& name)
    : path_(fs::temp_directory_path() / message("caddie-{}-{}", {name, long(::getpid())})) {
  make_owned_folder(path_);
}

ScratchFolder::~ScratchFolder() {
  try {
    remove_owned(path_);
  } catch (const std::exception&) {  // The system clears its temporary folder some time.
  }
}

CompileCommands commands_for(const fs::path& source) {
  const Toolchain& tools = toolchain();
  Words libraries = links_of(read_file(source));
  bool kernels =
      tools.kernels && std::regex_search(text_with_headers(source), std::regex(tools.kernels->pattern));
  CompileCommands commands;
  commands.compile = {kernels ? tools.kernels->compiler : tools.compiler};
  const Words& options = kernels ? tools.kernels->compile : tools.compile;
  commands.compile.insert(commands.compile.end(), options.begin(), options.end());
  commands.compile.push_back("-I" + tools.include.string());
  add_from_pkg_config("--cflags", libraries, commands.compile);
  commands.link = {tools.compiler};
  commands.link.insert(commands.link.end(), tools.link.begin(), tools.link.end());
  commands.link.push_back(tools.library.string());
  if (kernels)
    commands.link.insert(commands.link.end(), tools.kernels->link.begin(), tools.kernels->link.end());
  add_from_pkg_config("--libs", libraries, commands.link);
  return commands;
}

CompiledPlugin compile(const CompileCommands& commands, const fs::path& source, const ScratchFolder& work) {
  std::string name = source.stem(), object = work / (name + ".o");
  fs::path library = work / (name + ".so");
  Words compile = commands.compile, link = commands.link;
  for (const std::string& word :
       {std::string("-MMD"), std::string("-MT"), std::string("plugin"), std::string("-MF"),
        (work / "inputs.d").string(), std::string("-c"), source.string(), std::string("-o"), object})
    compile.push_back(word);
  // The libraries that an object needs stand behind it.
  link.insert(link.begin() + 1, object);
  link.insert(link.end(), {"-o", library.string()});
  check(fs::exists(compile[0]), "{}: this compiler built Caddie and is not here; install it", compile[0]);
  if (run_program(compile) != 0)
    throw Error(message("{} does not compile; what the compiler says stands above", {source.string()}),
                kPluginRefused);
  if (run_program(link) != 0)
    throw Error(message("{} compiles and cannot be linked; what the linker says stands above; a line "
                        "'// Links: NAME' in it names a library, as pkg-config knows it",
                        {source.string()}),
                kPluginRefused);
  return {library, prerequisites(read_file(work / "inputs.d"))};
}

}  // namespace caddie
