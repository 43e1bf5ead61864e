// SPDX-License-Identifier: Apache-2.0
// Libraries of plugins: what is looked for before a library is opened is found or is not there.
#include <algorithm>
#include <span>

#include "base/files.h"
#include "fuzz/target.h"
#include "plugin/elf.h"
#include "plugin/registry.h"

namespace caddie::fuzz::plugin {

/// Returns the smallest libraries, since all of them have what is looked for.
std::vector<std::string> seeds() {
  std::vector<PluginFile> files = Registry().files();
  std::ranges::sort(files, {}, [](const PluginFile& file) { return std::filesystem::file_size(file.path); });
  std::vector<std::string> all;
  for (size_t i = 0; i < std::min<size_t>(2, files.size()); ++i) all.push_back(read_file(files[i].path));
  return all;
}

void run(std::string_view bytes) { exported_names(std::as_bytes(std::span(bytes))); }

CADDIE_FUZZ_TARGET(plugin)

}  // namespace caddie::fuzz::plugin
