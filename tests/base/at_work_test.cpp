// SPDX-License-Identifier: Apache-2.0
// Who is at work, in which thread, and who threw.
#include "base/at_work.h"
#include "base/exit_code.h"

#include <caddie/error.h>
#include <caddie/parallel.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

using namespace caddie;

namespace {

std::string description(const Worker& worker, unsigned size = 100) {
  char text[100];
  describe(worker, text, size);
  return text;
}

/// Returns what is said of an exception that `action` throws.
template <class Action>
std::string text_after(Action action) {
  try {
    action();
  } catch (...) {
    return text_of(std::current_exception());
  }
  return "";
}

}  // namespace

TEST_CASE("a worker is described by its plugin, and by its technique where that has another name", "[base]") {
  CHECK(description({"ema", "ema"}) == "plugin 'ema'");
  CHECK(description({"ema", "slow"}) == "plugin 'ema' (technique 'slow')");
  CHECK(description({nullptr, "norms"}) == "'norms'");
  CHECK(description({}).empty());
  CHECK(description({"ema", "slow"}, 12) == "plugin 'ema");
}

TEST_CASE("the innermost worker of a thread counts, and threads of the pool work for who calls them",
          "[base]") {
  CHECK(at_work().label == nullptr);
  AtWork outer({"a", "a"});
  {
    AtWork inner({"b", "b"});
    CHECK(std::string(at_work().plugin) == "b");
  }
  CHECK(std::string(at_work().plugin) == "a");
  int before = thread_count();
  set_thread_count(3);
  int right[8] = {};
  parallel_for(8, [&](int i) { right[i] = at_work().plugin && std::string(at_work().plugin) == "a"; });
  set_thread_count(before);
  for (int one : right) CHECK(one == 1);
}

TEST_CASE("an exception belongs to the innermost worker that it left, in whatever thread", "[base]") {
  auto thrown = [](int threads) {
    int before = thread_count();
    set_thread_count(threads);
    std::string text = text_after([] {
      AtWork outer({"outer", "outer"});
      parallel_for(4, [](int) {
        AtWork inner({"inner", "inner"});
        throw std::runtime_error("no");
      });
    });
    set_thread_count(before);
    return text;
  };
  CHECK(thrown(1) == "plugin 'inner': no");
  CHECK(thrown(3) == "plugin 'inner': no");
  auto in_core = [] {
    AtWork part({nullptr, "norms"});
    throw std::runtime_error("no");
  };
  CHECK(text_after(in_core) == "internal error: no");
  CHECK(text_after([] {
          AtWork plugin({"a", "b"});
          throw 42;
        }) == "plugin 'a' (technique 'b'): it throws a value of type int, which is no std::exception");
  CHECK(text_after([] { throw std::bad_alloc(); }) == "out of memory");
  auto refused = [] {
    AtWork part({nullptr, "norms"});
    throw std::filesystem::filesystem_error("status", "x/y", std::make_error_code(std::errc::io_error));
  };
  CHECK(text_after(refused) == "x/y: Input/output error");
}

TEST_CASE("an exception that was caught blames nobody for a later one", "[base]") {
  auto plugin_throws = [] {
    AtWork plugin({"a", "a"});
    throw std::runtime_error("no");
  };
  auto core_throws = [] { throw std::runtime_error("later"); };
  CHECK(text_after(plugin_throws) == "plugin 'a': no");
  { AtWork next({"b", "b"}); }
  CHECK(text_after(core_throws) == "internal error: later");
  std::string elsewhere;
  std::thread([&] { elsewhere = text_after(plugin_throws); }).join();
  CHECK(elsewhere == "plugin 'a': no");
  CHECK(text_after(core_throws) == "internal error: later");
}

TEST_CASE("what a destructor does while an exception passes does not change who threw it", "[base]") {
  struct Busy {
    ~Busy() { AtWork work({"busy", "busy"}); }
  };
  CHECK(text_after([] {
          Busy busy;
          AtWork plugin({"a", "a"});
          throw std::runtime_error("no");
        }) == "plugin 'a': no");
}

TEST_CASE("a worker is told with its place in the model and the step", "[base]") {
  Worker worker{"a", "b", "branch", 3};
  CHECK(text_of(worker) == "plugin 'a' (technique 'b') at branch of layer 3");
  CHECK(text_of(Worker{nullptr, "norms", nullptr, 12}) == "'norms' in layer 12");
  CHECK(text_of(Worker{"a", "a", "logits", -1, true}) == "plugin 'a' at logits, backward");
  AtStep at(105);
  CHECK(text_after([&] {
          AtWork work(worker);
          throw 42;
        }) ==
        "plugin 'a' (technique 'b') at branch of layer 3, step 105: it throws a value of type int, "
        "which is no std::exception");
}

TEST_CASE("an Error names the plugin that it came from, also through a part of the core", "[base]") {
  auto told = [](auto throws) {
    try {
      throws();
    } catch (const Error& error) {
      return std::string(blamed(error).what());
    }
    return std::string();
  };
  CHECK(told([] {
          AtWork plugin({"a", "a", "stem"});
          AtWork part({nullptr, "attention"});
          fail("no such row");
        }) == "plugin 'a' at stem: no such row");
  CHECK(told([] {
          AtWork part({nullptr, "attention"});
          fail("no such row");
        }) == "no such row");
  CHECK(told([] {
          AtWork plugin({"a", "a"});
          throw Error("stopped", kInterrupted);
        }) == "stopped");
}
