// SPDX-License-Identifier: Apache-2.0
#include "support/paths.h"

namespace caddie {

const std::filesystem::path& source_folder() {
  static const std::filesystem::path folder = CADDIE_SOURCE_DIR;
  return folder;
}

const std::filesystem::path& build_folder() {
  static const std::filesystem::path folder = CADDIE_BINARY_DIR;
  return folder;
}

}  // namespace caddie
