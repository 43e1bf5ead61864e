// SPDX-License-Identifier: Apache-2.0
// Runs the compiler in a folder for the occasion, and moves what it made when that is known to be a plugin.
#include "plugin/build.h"

#include <unistd.h>

#include <algorithm>
#include <regex>
#include <vector>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "plugin/build_note.h"
#include "plugin/toolchain.h"
#include "process/child_set.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// Is a folder that goes away with the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name)
      : path_(fs::temp_directory_path() / message("caddie-{}-{}", {name, long(::getpid())})) {
    make_owned_folder(path_);
  }
  ~ScratchFolder() {
    try {
      remove_owned(path_);
    } catch (const std::exception&) {  // The system clears its temporary folder some time.
    }
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  fs::path operator/(const std::string& name) const { return path_ / name; }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Runs a program and returns its exit code. Throws Error when it is not there, and when a signal stops this
/// one meanwhile.
int run_program(const Words& command) {
  check(fs::exists(command.at(0)), "{}: this compiler built Caddie and is not here; install it", command[0]);
  ChildSet children;
  children.start(0, {.arguments = command, .program = command.at(0)});
  while (true) {
    ChildSet::Event event = children.wait(1);
    if (event.stop_signal != 0) throw Error("interrupted", kInterrupted);
    if (event.ended) return event.ended->how.shell_code();
  }
}

/// Appends the arguments that pkg-config prints for libraries.
void add_from_pkg_config(const char* what, const Words& libraries, Words& arguments) {
  if (libraries.empty()) return;
  std::string output, command = std::string("pkg-config ") + what + " " + join(libraries, " ");
  std::FILE* pipe = ::popen(command.c_str(), "r");
  check(pipe != nullptr, "cannot run pkg-config");
  char buffer[1024];
  for (size_t got; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) output.append(buffer, got);
  if (::pclose(pipe) != 0)
    throw Error(message("pkg-config knows not all of the libraries that a line '// Links:' names: {}",
                        {join(libraries, " ")}),
                kPluginRefused);
  for (const std::string& word : split(trimmed(output), ' '))
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

/// Tells whether a source, or a header beside it that it includes, matches the pattern.
bool matches_with_headers(const fs::path& source, const std::regex& pattern, int depth = 0) {
  constexpr std::string_view kInclude = "#include \"";
  constexpr int kMostDepth = 16;  // Headers may include each other.
  std::string text = read_file(source);
  if (std::regex_search(text, pattern)) return true;
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(kInclude) || depth == kMostDepth) continue;
    std::string name = line.substr(kInclude.size());
    fs::path header = source.parent_path() / name.substr(0, name.find('"'));
    if (fs::is_regular_file(header) && matches_with_headers(header, pattern, depth + 1)) return true;
  }
  return false;
}

/// Holds the two commands that make a library, which lack the names of the files.
struct Commands {
  Words compile, link;
  std::string text() const { return join(compile, " ") + "\n" + join(link, " "); }
};

Commands commands_for(const fs::path& source) {
  const Toolchain& tools = toolchain();
  Words libraries = links_of(read_file(source));
  bool kernels = tools.kernels && matches_with_headers(source, std::regex(tools.kernels->pattern));
  Commands commands;
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

/// Throws Error when a plugin of that name lies elsewhere than below `folder`.
void check_no_other(const std::string& name, const fs::path& source, const fs::path& folder) {
  Registry registry;
  for (const PluginFile& file : registry.files()) {
    fs::path other = fs::weakly_canonical(file.path.parent_path());
    fs::path own = fs::weakly_canonical(folder);
    if (file.name == name && other != own && other.parent_path() != own)
      throw Error(message("there is a plugin '{}' already: {}; give {} another name",
                          {name, file.path.string(), source.string()}),
                  kPluginRefused);
  }
}

/// Returns the library of that name below a folder; empty where there is none.
fs::path library_below(const fs::path& folder, const std::string& name) {
  Registry registry({folder});
  for (const PluginFile& file : registry.files())
    if (file.name == name) return file.path;
  return {};
}

/// Returns the folder of the source's kind in the source tree of this program, where the source lies in it.
fs::path folder_in_tree(const fs::path& source) {
  const fs::path& sources = toolchain().sources;
  if (sources.empty()) return {};
  fs::path folder = fs::weakly_canonical(source).parent_path();
  return folder.parent_path() == fs::weakly_canonical(sources) ? folder.filename() : fs::path();
}

/// Compiles and links in `work`; returns the library there.
fs::path compile(const Commands& commands, const fs::path& source, const ScratchFolder& work) {
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
  if (run_program(compile) != 0)
    throw Error(message("{} does not compile; what the compiler says stands above", {source.string()}),
                kPluginRefused);
  if (run_program(link) != 0)
    throw Error(message("{} compiles and cannot be linked; what the linker says stands above; a line "
                        "'// Links: NAME' in it names a library, as pkg-config knows it",
                        {source.string()}),
                kPluginRefused);
  return library;
}

/// Returns what to say of a source in the folder of another kind.
std::string warning_about(const fs::path& source, Kind kind) {
  std::string folder = fs::absolute(source).parent_path().filename();
  if (!is_kind_folder(folder) || folder == folder_of_kind(kind)) return "";
  return message("{} is of kind {} and lies in the folder of {}; its place is {}/",
                 {source.string(), name_of(kind), folder, folder_of_kind(kind)});
}

}  // namespace

void check_plugin_name(const std::string& name, const std::string& where) {
  bool right = !name.empty() && std::islower(static_cast<unsigned char>(name[0])) &&
               std::all_of(name.begin(), name.end(),
                           [](unsigned char c) { return std::islower(c) || std::isdigit(c) || c == '_'; });
  if (!right)
    fail_usage(
        "{}: '{}' cannot be the name of a plugin; a word of small letters, digits and '_' can, such "
        "as my_gain",
        where, printable(name));
}

BuiltPlugin build_plugin(const fs::path& source, const fs::path& folder) {
  if (std::string why = why_no_file(source); !why.empty()) fail_usage("{}: {}", source.string(), why);
  if (source.extension() != ".cpp") fail_usage("{}: a plugin's source is called NAME.cpp", source.string());
  std::string name = source.stem();
  check_plugin_name(name, source.string());
  fs::path kind_in_tree = folder_in_tree(source);
  fs::path target = kind_in_tree.empty() ? folder : Registry::own_folder();
  check_no_other(name, source, target);

  Commands commands = commands_for(source);
  fs::path old = library_below(target, name);
  std::optional<BuildNote> note = old.empty() ? std::nullopt : note_beside(old);
  std::string absolute = fs::absolute(source).lexically_normal().string();
  if (note && note->source == absolute && note->command == commands.text() && is_fresh(*note)) {
    Kind kind = Registry({target}).open(name, source.string()).entry->kind;
    return {{name, old}, kind, true, warning_about(source, kind)};
  }

  ScratchFolder work(name);
  std::string hash = sha256_file(source);  // taken first, for the source may be changed meanwhile
  fs::path made = compile(commands, source, work);
  Kind kind = Registry({work.path()}).open(name, source.string()).entry->kind;
  fs::path library =
      target / (kind_in_tree.empty() ? fs::path(folder_of_kind(kind)) : kind_in_tree) / (name + ".so");
  BuildNote now{absolute, commands.text(), {}, sha256_file(made)};
  for (const fs::path& input : prerequisites(read_file(work / "inputs.d")))
    now.inputs[fs::absolute(input).lexically_normal().string()] = sha256_file(input);
  now.inputs[absolute] = hash;
  if (!old.empty() && old != library) remove_noted(old);  // It was of another kind.
  write_file(library, read_file(made));
  write_note(now, library);
  return {{name, library}, kind, false, warning_about(source, kind)};
}

}  // namespace caddie
