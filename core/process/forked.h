// SPDX-License-Identifier: Apache-2.0
// Does something in a child that is forked for it, which may crash, leave or hang, and hears what it says.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "process/child.h"

namespace caddie {

/// Says what a child wrote, and how it ended.
struct ChildWords {
  std::string text;
  bool late = false;  // Its time was up before it had closed the pipe, and it was killed.
  ChildEnd end;
};

/// Forks a child, in which `work` gets the end of a pipe to write to and does not return. Waits until the
/// child has closed the pipe or written `most` bytes, for `seconds` at most, and until it has ended. Returns
/// nothing when no process can be had.
std::optional<ChildWords> words_of_child(const std::function<void(int pipe)>& work, double seconds,
                                         size_t most = std::string::npos);

}  // namespace caddie
