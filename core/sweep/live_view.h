// SPDX-License-Identifier: Apache-2.0
// A few lines at the bottom of a terminal that are rewritten in place; plain lines elsewhere.
#pragma once

#include <string>
#include <vector>

namespace caddie {

class LiveView {
 public:
  explicit LiveView(bool quiet);
  ~LiveView() { clear(); }
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  /// Whether blocks are shown: only a terminal can take them back.
  bool is_live() const { return live_; }
  /// Replaces the block. Lines are cut to the width of the terminal.
  void show(const std::vector<std::string>& lines);
  /// Prints a line that stays, above the block.
  void say(const std::string& line);

 private:
  void clear();
  bool quiet_, live_;
  size_t height_ = 0;  // lines of the block that stand on the screen
};

}  // namespace caddie
