// SPDX-License-Identifier: Apache-2.0
// Keeps the innermost worker of each thread, and the one that the latest exception came from.
#include "base/at_work.h"

#include <filesystem>
#include <mutex>
#include <new>
#include <system_error>

namespace caddie {
namespace {

// A signal handler reads these, so that they lie where a thread reaches them without allocating.
[[gnu::tls_model("initial-exec")]] thread_local constinit Worker innermost;
// An exception passes scopes from the inside out, and none begins in between: only the first one threw it.
[[gnu::tls_model("initial-exec")]] thread_local constinit bool kept = false;

constexpr unsigned kLongestName = 256;

std::mutex thrower_mutex;
char thrower[kLongestName] = "";  // the plugin that the latest exception came from; "" when it was none

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

/// Returns the plugin that the latest exception came from; "" when it was none.
std::string latest_thrower() {
  std::lock_guard lock(thrower_mutex);
  return thrower;
}

}  // namespace

AtWork::AtWork(Worker worker) : outer_(innermost), exceptions_(std::uncaught_exceptions()) {
  innermost = worker;
  kept = false;
}

AtWork::~AtWork() {
  if (std::uncaught_exceptions() > exceptions_ && !kept) {
    kept = true;
    std::lock_guard lock(thrower_mutex);
    if (!describe(innermost, thrower, kLongestName)) thrower[0] = 0;
  }
  innermost = outer_;
}

void AtWork::throws_again() { kept = true; }

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
  std::string who = latest_thrower();
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
