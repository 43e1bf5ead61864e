// SPDX-License-Identifier: Apache-2.0
// Plugins that end the program, crash it, hang or throw what they may not: each is named, wherever it does
// so.
#include <catch2/catch.hpp>

#include <dlfcn.h>

#include <caddie/error.h>
#include <caddie/slots.h>

#include <csignal>
#include <cstdlib>
#include <string>

#include "base/files.h"
#include "plugin/registry.h"
#include "plugin/trial.h"
#include "results/summary.h"
#include "support/laboratory.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

fs::path unruly() { return build_folder() / "fixtures/unruly.so"; }

/// Makes the plugin do something for as long as the object lives, in this process and those that it starts.
struct Doing {
  explicit Doing(const char* deed) {
    ::setenv("UNRULY", deed, 1);
    ::setenv("CADDIE_PLUGINS", unruly().parent_path().c_str(), 1);
  }
  ~Doing() {
    ::unsetenv("UNRULY");
    ::unsetenv("CADDIE_PLUGINS");
  }
};

/// Returns what opening the plugin is refused with, and checks the exit code that goes with it.
std::string refusal(const char* deed) {
  Doing doing(deed);
  Registry registry({unruly().parent_path()});
  try {
    registry.open("unruly", "here");
  } catch (const Error& error) {
    CHECK(error.code() == 4);
    return error.what();
  }
  return "";
}

/// Runs a tiny experiment with the plugin as its activation.
Outcome run_with(const char* deed, const std::string& output, const std::string& more = "") {
  Doing doing(deed);
  return laboratory().run(output, "-S model.activation.use=unruly " + more);
}

/// Whether a sanitizer is in the program, which it ends by itself after a crash. The tests themselves may
/// have been compiled without one.
const bool kSanitized = ::dlsym(RTLD_DEFAULT, "__asan_init") || ::dlsym(RTLD_DEFAULT, "__tsan_init");

}  // namespace

TEST_CASE("a plugin that does not return from its beginning is named before it is loaded", "[plugin]") {
  std::string start = "here: " + unruly().string() + ": its ";
  CHECK_THAT(refusal("initialiser: exit"),
             Catch::StartsWith(start + "initialiser ended the process with exit code 0; mend it"));
  CHECK_THAT(refusal("initialiser: throw"), Catch::StartsWith(start + "initialiser was ended by signal 6"));
  CHECK_THAT(refusal("constructor: exit"),
             Catch::StartsWith(start + "constructor ended the process with exit code 0"));
  CHECK_THAT(refusal("constructor: exit at once"),
             Catch::StartsWith(start + "constructor ended the process with exit code 0"));
  CHECK_THAT(refusal("settings: exit at once"),
             Catch::StartsWith(start + "settings() ended the process with exit code 0"));
  CHECK_THAT(refusal("destructor: exit"),
             Catch::StartsWith(start + "destructor ended the process with exit code 0"));
  if (!kSanitized) {
    CHECK_THAT(refusal("initialiser: crash"),
               Catch::StartsWith(start + "initialiser was ended by signal 11"));
    CHECK_THAT(refusal("settings: crash"), Catch::StartsWith(start + "settings() was ended by signal 11"));
  }
  for (const char* place : {"initialiser", "constructor", "settings", "destructor"}) {
    Doing doing((std::string(place) + ": hang").c_str());
    std::string entry = "caddie_plugin_" + sdk_of_this_program();
    CHECK_THAT(trial_of(unruly(), entry, 0.2), Catch::StartsWith(std::string("its ") + place) &&
                                                   Catch::EndsWith("did not return within 0.2 s"));
  }
}

TEST_CASE("what a plugin throws while it is made is caught where it is made", "[plugin]") {
  Registry registry({unruly().parent_path()});
  {
    Doing doing("constructor: throw");
    CHECK_THROWS_WITH(
        registry.make<Activation>("unruly", "here"),
        "plugin 'unruly' cannot be made: it throws a value of type int, which is no std::exception");
  }
  CHECK(registry.make<Activation>("unruly", "here") != nullptr);
}

TEST_CASE("a plugin that ends the program during its work is named, and never with exit code 0", "[plugin]") {
  for (const char* threads : {"1", "2"})
    for (const char* deed : {"forward pass: exit", "forward pass: exit at once"}) {
      INFO(threads << " " << deed);
      Outcome ended = run_with(deed, "unruly_exit", std::string("--threads ") + threads);
      CHECK(ended.code == 4);
      CHECK_THAT(ended.output,
                 Catch::Contains("error: plugin 'unruly' in layer 0, step 0: ended the program by exit(0)"));
    }
  for (int i = 0; i < 5; ++i)  // Several threads ask at once.
    for (const char* deed : {"backward pass: exit quickly", "backward pass: exit"}) {
      INFO(deed);
      CHECK(run_with(deed, "unruly_exit", "--threads 4").code == 4);
    }
}

TEST_CASE("a plugin that changes the arithmetic of the program is refused", "[plugin]") {
  Outcome refused = run_with("initialiser: flush small numbers", "unruly_flush");
  CHECK(refused.code == 4);
  CHECK_THAT(refused.output, Catch::Contains("unruly.so: loading it makes the processor flush small numbers "
                                             "to zero; rebuild it without -ffast-math"));
}

TEST_CASE("a plugin that crashes during its work is named, and the signal still ends the program",
          "[plugin]") {
  Outcome crashed = run_with("forward pass: crash", "unruly_crash");
  CHECK_THAT(crashed.output, Catch::Contains("error: plugin 'unruly' in layer 0, step 0: crashed with signal "
                                             "11 (Segmentation"));
  if (!kSanitized) CHECK(crashed.code == 128 + SIGSEGV);
  crashed = run_with("backward pass: abort", "unruly_abort");
  CHECK_THAT(crashed.output, Catch::Contains(", backward, step 0: crashed with signal 6 (Aborted)"));
  CHECK(crashed.code != 0);
}

TEST_CASE("whatever a plugin throws during its work, the run fails and names it", "[plugin]") {
  auto reason = [](const char* output) { return read_summary(laboratory().folder(output)).fail_reason; };
  Outcome failed = run_with("forward pass: throw", "unruly_throw");
  CHECK(failed.code == 1);
  std::string who = "plugin 'unruly' in layer 0, step 0: ";
  std::string words = who + "it throws a value of type int, which is no std::exception";
  CHECK_THAT(failed.output, Catch::Contains("error: " + words));
  CHECK(reason("unruly_throw") == words);
  failed = run_with("forward pass: throw an exception", "unruly_exception", "--threads 2");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.output, Catch::Contains("error: " + who + "no such thing"));
  CHECK(reason("unruly_exception") == who + "no such thing");
  failed = run_with("forward pass: throw an error", "unruly_error");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.output, Catch::Contains("error: " + who + "my own words"));
  CHECK(reason("unruly_error") == who + "my own words");
}

TEST_CASE("a plugin that gives back no value, or one of another shape, is named", "[plugin]") {
  Outcome failed = run_with("forward pass: give back nothing", "unruly_nothing");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.output,
             Catch::Contains("error: plugin 'unruly' in layer 0, step 0: it returned no value"));
  failed = run_with("forward pass: give back a row", "unruly_row");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.output, Catch::Contains("plugin 'unruly' in layer 0, step 0: it returned ["));
}

TEST_CASE("what is not finite is named although the loss hides it, where that is asked for", "[plugin]") {
  CHECK(run_with("forward pass: hide what is not finite", "unruly_hidden").code == 0);
  Outcome failed = run_with("forward pass: hide what is not finite", "unruly_found", "--check-finite");
  CHECK(failed.code == 1);
  CHECK_THAT(failed.output, Catch::Contains("step 0: the first output that is not finite is that of plugin "
                                            "'unruly' in layer 0"));
}

TEST_CASE("a plugin that hangs ends the run, which says where", "[plugin]") {
  for (const char* place : {"forward pass", "backward pass"}) {
    INFO(place);
    Outcome hung = run_with((std::string(place) + ": hang").c_str(), "unruly_hang",
                            "-S train.stall_seconds=0.6 --threads 2");
    CHECK(hung.code == 1);
    CHECK_THAT(hung.output, Catch::Contains("error: plugin 'unruly' in layer") &&
                                Catch::Contains("no micro-batch and no window was finished for"));
    CHECK_THAT(read_summary(laboratory().folder("unruly_hang")).fail_reason,
               Catch::StartsWith("plugin 'unruly' in layer"));
  }
}
