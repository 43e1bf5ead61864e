// SPDX-License-Identifier: Apache-2.0
// Lets an experiment name folders of plugins.
#pragma once

#include "config/tree.h"
#include "plugin/registry.h"

namespace caddie {

/// Reads the line `plugins` of an experiment, if it has one, and adds the folders to the registry. Throws
/// Error (kUsage) that shows the place of one that is missing, and as Registry::add_folder() does.
void add_plugin_folders(Tree& tree, Registry& registry);

}  // namespace caddie
