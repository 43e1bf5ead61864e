// SPDX-License-Identifier: Apache-2.0
// The live view is a display of a few lines at the bottom of a terminal, rewritten in place; elsewhere it
// prints plain lines.
#pragma once

#include <string>
#include <vector>

#include "sweep/display.h"

namespace caddie {

class LiveView final : public Display {
 public:
  explicit LiveView(bool quiet);
  ~LiveView() override { clear(); }
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  /// Only a terminal can take lines back.
  bool is_live() const override { return live_; }
  /// Cuts the lines to the width of the terminal.
  void show(const std::vector<std::string>& lines) override;
  /// Prints the line above those that are shown.
  void say(const std::string& line) override;

 private:
  void clear();
  bool quiet_, live_;
  size_t height_ = 0;  // the number of lines of the block that stands on the screen
};

}  // namespace caddie
