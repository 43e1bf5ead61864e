// SPDX-License-Identifier: Apache-2.0
// The loader knows where each function comes from.
#include "base/engine_file.h"

#include <dlfcn.h>

namespace caddie {

std::filesystem::path engine_file() {
  Dl_info info = {};
  dladdr(reinterpret_cast<void*>(&engine_file), &info);
  return info.dli_fname;
}

}  // namespace caddie
