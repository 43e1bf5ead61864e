// SPDX-License-Identifier: Apache-2.0
// Reads a tree as a whole, for those who compare or look up settings without declaring them.
#pragma once

#include "config/tree.h"

namespace caddie {

/// Reads every value that is written in the tree, so that values() and canonical() hold them all.
inline void read_all(Tree& tree) {
  for (const std::string& name : tree.children("")) tree.read_text(join_path("", name));
}

}  // namespace caddie
