// SPDX-License-Identifier: Apache-2.0
// Keeps the innermost worker of each thread, and the plugin that its latest exception came from.
#include "base/at_work.h"

#include <atomic>
#include <filesystem>
#include <new>
#include <system_error>

#include "base/exception_type.h"
#include "base/exit_code.h"
#include "base/signal_text.h"

namespace caddie {
namespace {

// A signal handler reads these, so that they lie where a thread reaches them without allocating.
[[gnu::tls_model("initial-exec")]] thread_local constinit Worker innermost;
// An exception passes scopes from the inside out: only the first one threw it.
[[gnu::tls_model("initial-exec")]] thread_local constinit bool kept = false;

constexpr unsigned kLongestName = 256;

constexpr int64_t kNoStep = -1;
std::atomic<int64_t> current_step = kNoStep;

// The plugin that the latest exception of this thread came from; "" when it was none.
thread_local constinit char thrower[kLongestName] = "";

bool same(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

/// Writes who works, and where in the model.
void write(const Worker& worker, SignalText& out) {
  if (worker.plugin) {
    out.add("plugin '");
    out.add(worker.plugin);
    out.add("'");
  }
  if (worker.label && !(worker.plugin && same(worker.plugin, worker.label))) {
    out.add(worker.plugin ? " (technique '" : "'");
    out.add(worker.label);
    out.add(worker.plugin ? "')" : "'");
  }
  if (worker.site) {
    out.add(" at ");
    out.add(worker.site);
  }
  if (worker.layer >= 0) {
    out.add(worker.site ? " of layer " : " in layer ");
    out.add(int64_t(worker.layer));
  }
  if (worker.backward) out.add(", backward");
}

}  // namespace

AtWork::AtWork(Worker worker) : outer_(innermost), exceptions_(std::uncaught_exceptions()) {
  innermost = worker;
  // What a destructor does while an exception passes does not change who threw it.
  if (exceptions_ > 0) return;
  kept = false;
  thrower[0] = 0;
}

AtWork::~AtWork() {
  // A part of the core that a plugin called throws on its behalf.
  if (std::uncaught_exceptions() > exceptions_ && !kept)
    if (kept = describe(innermost, thrower, kLongestName); !kept) thrower[0] = 0;
  innermost = outer_;
}

std::string AtWork::latest_thrower() { return thrower; }

void AtWork::throws_again(const std::string& who) {
  kept = true;
  SignalText(thrower, kLongestName).add(who.c_str());
}

Worker at_work() { return innermost; }

AtStep::AtStep(int64_t step) { current_step = step; }
AtStep::~AtStep() { current_step = kNoStep; }

bool describe(const Worker& worker, char* text, unsigned size) {
  SignalText out(text, size);
  write(worker, out);
  if (int64_t step = current_step; step != kNoStep) {
    out.add(", step ");
    out.add(step);
  }
  return worker.plugin != nullptr;
}

std::string text_of(const Worker& worker) {
  char text[kLongestName];
  SignalText out(text, sizeof text);
  write(worker, out);
  return text;
}

Error blamed(const Error& error) {
  std::string who = AtWork::latest_thrower();
  return who.empty() || error.code() == kInterrupted ? error : Error(who + ": " + error.what(), error.code());
}

std::string text_of(const std::exception_ptr& exception) {
  std::string who = AtWork::latest_thrower();
  bool is_own = who.empty();
  if (is_own) who = "internal error";
  try {
    std::rethrow_exception(exception);
  } catch (const std::bad_alloc&) {
    return "out of memory";
  } catch (const std::filesystem::filesystem_error& error) {
    return (is_own ? error.path1().string() : who) + ": " + error.code().message();
  } catch (const std::system_error& error) {
    return is_own ? error.what() : who + ": " + error.what();
  } catch (const std::exception& error) {
    return who + ": " + error.what();
  } catch (...) {
    return who + ": " + words_for_foreign_exception();
  }
}

}  // namespace caddie
