// SPDX-License-Identifier: Apache-2.0
// Folders that a file names are relative to it, wherever the values are read again.
#pragma once

#include <filesystem>

#include "config/node.h"

namespace caddie {

/// Is the key of an experiment that lists further folders of plugins.
inline constexpr std::string_view kPluginFolders = "plugins";

/// Makes the paths absolute that the entry kPluginFolders of a table lists, which are relative to `folder`.
/// What is no list of strings stays, for whoever reads it.
void place_plugin_folders(TreeNode& table, const std::filesystem::path& folder);

}  // namespace caddie
