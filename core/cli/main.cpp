// SPDX-License-Identifier: Apache-2.0
// Each verb of the program stands in the file of its name. It runs when its command line has been parsed;
// whatever goes wrong ends here.
#include <caddie/error.h>
#include <caddie/parallel.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include "base/at_work.h"
#include "base/console.h"
#include "base/exit_code.h"
#include "base/mapped_file.h"
#include "base/text.h"
#include "cli/numbers.h"
#include "cli/refusal.h"
#include "cli/verbs.h"
#include "process/last_words.h"

namespace {

/// Parses the command line and runs the verb that it names; returns the exit code.
int run(int argc, char** argv) {
  CLI::App app("Caddie: does this technique help, by how much, how sure are we, and what does it cost?",
               "caddie");
  app.set_help_flag("-h,--help", "print this and exit");
  app.set_version_flag("--version", CADDIE_VERSION, "print the version and exit");
  app.require_subcommand(1);
  caddie::add_verbs(app);
  caddie::check_numbers(app);
  caddie::check_arguments(std::span(argv, size_t(argc)));
  caddie::check_verb(app, argc > 1 ? argv[1] : "");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // It was asked for help, or for the version.
      std::ostringstream out, err;
      int code = app.exit(error, out, err);
      caddie::tell("{}", out.str());
      return code;
    }
    caddie::tell(stderr, "error: {}\nRun with --help for more information.\n", caddie::refusal(app, error));
    return caddie::kUsage;
  }
  return caddie::kFine;
}

/// Says what went wrong and returns the exit code: `code`, or that of a full disk.
int told(const std::string& error, int code) {
  bool full = code == caddie::kFailed && caddie::tells_of_full_disk(error);
  caddie::tell(stderr, "error: {}{}\n", caddie::with_short_lines(error),
               full ? "; free space, then give the same command again" : "");
  return full ? int(caddie::kDiskFull) : code;
}

/// Runs the program and says on stderr what went wrong; returns its exit code.
int guarded(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const caddie::Error& error) {
    // An error without a message was already told by another process.
    return *error.what() ? told(error.what(), error.code()) : error.code();
  } catch (const std::filesystem::filesystem_error& error) {
    return told(error.path1().string() + ": " + error.code().message(), caddie::kFailed);
  } catch (const std::bad_alloc&) {
    caddie::tell(stderr, "error: out of memory\n");
    return caddie::kFailed;
  } catch (const std::system_error& error) {
    // That stdout cannot be written is said at the end of the program.
    if (!std::ferror(stdout)) caddie::tell(stderr, "error: {}\n", error.what());
    return caddie::kFailed;
  } catch (...) {
    std::string text = caddie::text_of(std::current_exception());
    caddie::tell(stderr, "{}{}\n", text.starts_with("internal error") ? "" : "error: ", text);
    return caddie::kFailed;
  }
}

}  // namespace

int main(int argc, char** argv) {
  caddie::open_standard_streams();
  caddie::name_cut_files();
  // With this signal ignored, writing beyond the limit of a file's size is an error that names the file.
  std::signal(SIGXFSZ, SIG_IGN);
  caddie::name_crashes();
  caddie::refuse_exit();
  int code = guarded(argc, argv);
  // OpenSSL gives back what it keeps for a thread only until the program begins to end.
  caddie::set_thread_count(1);
  caddie::expect_exit();
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return code;
  std::fprintf(stderr, "error: the output is lost: stdout cannot be written\n");
  return code == caddie::kFine ? int(caddie::kFailed) : code;
}
