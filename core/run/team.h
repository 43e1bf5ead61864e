// SPDX-License-Identifier: Apache-2.0
// The ranks of a run form a team and exchange more than gradients: what to train, and whether they agree. The
// first rank decides, writes and scores; the others train with it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "comm/comm.h"

namespace caddie {

/// Connects this rank with the others of its run.
class Team {
 public:
  /// A null `comm` stands for one rank. `run` is the key of the run. Throws Error on all ranks unless all
  /// pass the same key.
  Team(Comm* comm, const std::string& run);
  ~Team();  // Releases the other ranks where they still wait.
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  Comm* comm() const { return comm_; }  // null for one rank
  int rank() const { return comm_ ? comm_->rank() : 0; }
  int size() const { return comm_ ? comm_->size() : 1; }
  bool leads() const { return rank() == 0; }

  /// Lets the other ranks train in `folder`. Only the first rank calls it.
  void start(const std::filesystem::path& folder);
  /// Tells the other ranks that there is nothing to train. Only the first rank calls it; it does nothing once
  /// they have started.
  void release();
  /// Returns the folder in which the caller trains, or "" when there is nothing to train. Only the other
  /// ranks call it.
  std::filesystem::path wait_for_start() const { return broadcast(""); }

  /// Returns on every rank what the first one passes.
  std::string broadcast(const std::string& text) const;
  /// Tells whether any rank passes true. Returns when all ranks have called it.
  bool any(bool here) const;
  /// Throws Error on all ranks, naming one, unless all ranks give the same text.
  void check_same(const std::string& what, const std::function<std::string()>& text) const;

 private:
  Comm* comm_;
  bool waiting_ = false;  // whether the others wait for this rank
};

}  // namespace caddie
