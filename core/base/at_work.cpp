// SPDX-License-Identifier: Apache-2.0
// Keeps the innermost worker of each thread, and the plugin that its latest exception came from.
#include "base/at_work.h"

#include <filesystem>
#include <new>
#include <system_error>

namespace caddie {
namespace {

// A signal handler reads these, so that they lie where a thread reaches them without allocating.
[[gnu::tls_model("initial-exec")]] thread_local constinit Worker innermost;
// An exception passes scopes from the inside out: only the first one threw it.
[[gnu::tls_model("initial-exec")]] thread_local constinit bool kept = false;

constexpr unsigned kLongestName = 256;

// The plugin that the latest exception of this thread came from; "" when it was none.
thread_local constinit char thrower[kLongestName] = "";

/// Appends to a text of limited size.
class Writer {
 public:
  Writer(char* text, unsigned size) : at_(text), end_(text + size - 1) { *at_ = 0; }
  void add(const char* more) {
    while (*more && at_ < end_) *at_++ = *more++;
    *at_ = 0;
  }

 private:
  char *at_, *end_;
};

bool same(const char* a, const char* b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
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
  if (std::uncaught_exceptions() > exceptions_ && !kept) {
    kept = true;
    if (!describe(innermost, thrower, kLongestName)) thrower[0] = 0;
  }
  innermost = outer_;
}

std::string AtWork::latest_thrower() { return thrower; }

void AtWork::throws_again(const std::string& who) {
  kept = true;
  Writer(thrower, kLongestName).add(who.c_str());
}

Worker at_work() { return innermost; }

bool describe(const Worker& worker, char* text, unsigned size) {
  Writer out(text, size);
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
  return worker.plugin != nullptr;
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
    return who + ": it throws what is no exception of C++'s library";
  }
}

}  // namespace caddie
