// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.h"

#include <caddie/error.h>
#include <stdlib.h>

#include "base/files.h"

namespace caddie {
namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "caddie-test-XXXXXX").string();
  check(::mkdtemp(name.data()) != nullptr, "{}: cannot make a temporary folder", name);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TemporaryFolder::write(const std::string& name, std::string_view text) const {
  write_file(path_ / name, text);
  return path_ / name;
}

}  // namespace caddie
