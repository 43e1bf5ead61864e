// SPDX-License-Identifier: Apache-2.0
// Says which plugin each thread is working for, so that an exception, a crash or an exit can be blamed on it.
#pragma once

#include <caddie/error.h>

#include <cstdint>
#include <exception>
#include <string>

namespace caddie {

/// Names a plugin that is at work, or a part of the model, and the place in the model. All texts must outlive
/// the work.
struct Worker {
  const char* plugin = nullptr;  // the name of the plugin; null for what belongs to no plugin
  const char* label = nullptr;   // the name of the technique or of the part; null where there is none
  const char* site = nullptr;    // the site of a modifier; null where there is none
  int layer = -1;                // the layer; -1 outside of all
  bool backward = false;         // whether gradients are passed back
};

/// Says that the calling thread works for `worker` for as long as the scope lives; scopes nest. When an
/// exception leaves the innermost one, its worker is kept as the one that threw it.
class AtWork {
 public:
  explicit AtWork(Worker worker);
  ~AtWork();
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  /// Returns which plugin the latest exception of this thread came from, in words; "" when it was none.
  static std::string latest_thrower();
  /// Says that this thread is about to throw once more what `thrower` threw in another thread.
  static void throws_again(const std::string& thrower);

 private:
  Worker outer_;
  int exceptions_;
};

/// Returns the worker of the innermost scope of this thread; one without names outside of all scopes.
Worker at_work();

/// Says that all threads work for a step of the training, for as long as the scope lives.
class AtStep {
 public:
  explicit AtStep(int64_t step);
  ~AtStep();
  AtStep(const AtStep&) = delete;
  AtStep& operator=(const AtStep&) = delete;
};

/// Writes "plugin 'a' (technique 'b') at branch of layer 3, step 12", or as much of it as there is to say,
/// into `text` with a null behind it, cut to `size`. It does only what a signal handler may. Returns whether
/// there is a plugin.
bool describe(const Worker& worker, char* text, unsigned size);
/// Returns that text without the step.
std::string text_of(const Worker& worker);

/// Returns the error with the plugin that threw it in front, where the latest exception of this thread came
/// from one; an interruption is nobody's fault.
Error blamed(const Error& error);

/// Says what an exception that is no Error means, and names the plugin that threw it: "plugin 'a': vector is
/// too long". Where no plugin did, it begins with "internal error", but for what the system refused, which
/// names the file. Running out of memory is nobody's fault.
std::string text_of(const std::exception_ptr& exception);

}  // namespace caddie
