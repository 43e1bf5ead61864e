// SPDX-License-Identifier: Apache-2.0
// Defines how the export says that a technique changed nothing.
#pragma once

#include <caddie/slots.h>

#include <string>

namespace caddie {

/// Names a technique that changed nothing, or less than it was meant to.
struct NoEffect {
  Kind kind;
  std::string technique;  // the label of the technique
  bool entirely;          // tells that it changed nothing, and could not have
  std::string reason;
};

}  // namespace caddie
