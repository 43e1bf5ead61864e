// SPDX-License-Identifier: Apache-2.0
// Runs several child processes, which are started, waited for, asked to stop, killed and reaped together.
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstddef>
#include <optional>
#include <vector>

#include "process/child.h"

namespace caddie {

/// Runs child processes, which are told apart by keys that the caller chooses. While the set lives, SIGINT,
/// SIGTERM and SIGCHLD interrupt nothing in this thread: wait() reports them. No child outlives the set.
class ChildSet {
 public:
  /// At the end the children that are left get `patience` seconds to stop in good order before they are
  /// killed; 0 kills them at once. Another signal to this process ends the wait.
  explicit ChildSet(double patience = 0);
  ~ChildSet();
  ChildSet(const ChildSet&) = delete;
  ChildSet& operator=(const ChildSet&) = delete;

  /// Starts a child under a key that no living child has. Throws Error when that fails.
  void start(size_t key, const ChildCommand& command);
  /// These send a signal to one child, if it still lives, and to all of them.
  void signal(size_t key, int number) const;
  void signal_all(int number) const;
  size_t size() const { return children_.size(); }
  bool empty() const { return children_.empty(); }

  /// Names a child that ended, and says how it did.
  struct Ended {
    size_t key = 0;
    ChildEnd how;
  };
  /// Says what wait() saw: a signal to this process, the end of a child, or neither.
  struct Event {
    int stop_signal = 0;         // It is SIGINT or SIGTERM when this process got one, else 0.
    std::optional<Ended> ended;  // This child, if any, has left the set.
  };
  /// Returns the next event, or an empty one when nothing happens within `seconds`. A signal is reported
  /// before the ends of children, because it may have ended them as well.
  Event wait(double seconds);

 private:
  struct Child {
    size_t key;
    pid_t pid;
  };
  std::optional<Ended> reap_one();

  double patience_;
  sigset_t stops_, watched_, before_;
  std::vector<Child> children_;
};

}  // namespace caddie
