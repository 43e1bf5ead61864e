// SPDX-License-Identifier: Apache-2.0
// Several child processes are started, waited for, asked to stop, killed and reaped together.
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
  /// `patience` is how many seconds the children that are left at the end get to stop in good order before
  /// they are killed; 0 kills them at once. Another signal to this process ends the patience.
  explicit ChildSet(double patience = 0);
  ~ChildSet();
  ChildSet(const ChildSet&) = delete;
  ChildSet& operator=(const ChildSet&) = delete;

  /// Starts a child under a key that no living child has. Throws Error when that fails.
  void start(size_t key, const ChildCommand& command);
  /// Sends a signal to a child, if it still lives, and to all of them.
  void signal(size_t key, int number) const;
  void signal_all(int number) const;
  size_t size() const { return children_.size(); }
  bool empty() const { return children_.empty(); }

  struct Ended {
    size_t key = 0;
    ChildEnd how;
  };
  struct Event {
    int stop_signal = 0;         // SIGINT or SIGTERM when this process got one, else 0
    std::optional<Ended> ended;  // the child that has left the set, if one has
  };
  /// Returns the next event, or neither of both when nothing happens in `seconds`. Signals come before ends,
  /// so that ends are seen in the light of a signal that all got.
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
