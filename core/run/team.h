// SPDX-License-Identifier: Apache-2.0
// What the ranks of a run tell each other beside gradients. The first one decides, writes and scores; the
// others train with it.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "comm/comm.h"

namespace caddie {

class Team {
 public:
  /// `comm` null: one rank. Throws Error on all ranks unless all say the same of what they are to run.
  Team(Comm* comm, const std::string& run);
  ~Team();  // releases the others
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  Comm* comm() const { return comm_; }  // null: one rank
  int rank() const { return comm_ ? comm_->rank() : 0; }
  int size() const { return comm_ ? comm_->size() : 1; }
  bool leads() const { return rank() == 0; }

  /// On the first rank: lets the others train in `folder`.
  void start(const std::filesystem::path& folder);
  /// On the first rank: tells the others that there is nothing to train. Does nothing once they have started.
  void release();
  /// On the other ranks: returns the folder in which they train, empty when there is nothing to train.
  std::filesystem::path wait_for_start() const { return broadcast(""); }

  /// Returns on every rank what the first one passes.
  std::string broadcast(const std::string& text) const;
  /// Whether any rank passes true. Returns when all ranks have called it.
  bool any(bool here) const;
  /// Throws Error on all ranks, naming one, unless all ranks give the same text.
  void check_same(const std::string& what, const std::function<std::string()>& text) const;

 private:
  Comm* comm_;
  bool waiting_ = false;  // the others wait for this rank
};

}  // namespace caddie
