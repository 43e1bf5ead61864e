// SPDX-License-Identifier: Apache-2.0
// The tree has made the paths absolute, and what they hold counts by the hashes of the plugins that are used.
#include "experiment/plugin_folders.h"

#include <caddie/error.h>

#include <string>
#include <vector>

#include "config/folders.h"

namespace caddie {

void add_plugin_folders(Tree& tree, Registry& registry) {
  if (!tree.has(kPluginFolders)) return;
  std::vector<std::string> folders;
  tree.read("", [&](Settings& s) {
    s(kPluginFolders.data(), folders, "further folders of plugins, relative to this file", any(),
      Stage::kNothing);
  });
  for (size_t i = 0; i < folders.size(); ++i) {
    if (!std::filesystem::is_directory(folders[i]))
      tree.fail_at(join_path(kPluginFolders, std::to_string(i)),
                   message("plugins names {}: there is no such folder", {folders[i]}));
    registry.add_folder(folders[i]);
  }
}

}  // namespace caddie
