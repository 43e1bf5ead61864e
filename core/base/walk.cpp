// SPDX-License-Identifier: Apache-2.0
// Walks recursively and remembers real folders by device and inode, so that links in a circle end.
#include "base/walk.h"

#include <caddie/error.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <utility>

#include "base/files.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

using Visit = std::function<bool(const fs::path&)>;
using RealFolders = std::set<std::pair<dev_t, ino_t>>;

void walk_below(const fs::path& folder, const Visit& visit, RealFolders& entered) {
  struct stat info = {};
  check(::stat(folder.c_str(), &info) == 0, "{}: cannot open it: {}", folder.string(), std::strerror(errno));
  if (!entered.emplace(info.st_dev, info.st_ino).second) return;
  std::error_code error;
  for (const fs::directory_entry& entry : entries_of(folder))
    if (visit(entry.path()) && entry.is_directory(error)) walk_below(entry.path(), visit, entered);
}

}  // namespace

void walk(const fs::path& folder, const Visit& visit) {
  RealFolders entered;
  walk_below(folder, visit, entered);
}

}  // namespace caddie
