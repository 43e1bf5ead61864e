// SPDX-License-Identifier: Apache-2.0
// Holds a plugin to a law in a child process, so that one that crashes or never returns is found like any
// other.
#pragma once

#include "laws/law.h"

namespace caddie {

/// Does what hold_to() does in a child, which it gives so many seconds. It may be called only as long as this
/// process has one thread.
LawFinding hold_apart(const Law& law, const Subject& subject, double seconds);

}  // namespace caddie
