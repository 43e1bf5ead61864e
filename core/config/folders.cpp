// SPDX-License-Identifier: Apache-2.0
// Absolute paths are what a run records, since its record lies elsewhere than its experiment.
#include "config/folders.h"

namespace caddie {

void place_plugin_folders(TreeNode& table, const std::filesystem::path& folder) {
  TreeNode* folders = table.find(kPluginFolders);
  if (!folders || folders->kind != TreeNode::Kind::array) return;
  for (TreeNode& child : folders->children)
    if (auto* path = std::get_if<std::string>(&child.value); path && child.kind == TreeNode::Kind::string)
      *path = std::filesystem::absolute(folder / *path).lexically_normal().string();
}

}  // namespace caddie
