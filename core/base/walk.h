// SPDX-License-Identifier: Apache-2.0
// Visits what lies below a folder, at any depth.
#pragma once

#include <filesystem>
#include <functional>

namespace caddie {

/// Calls `visit` with every file and folder below `folder`, in no particular order. A folder for which
/// `visit` returns false is not entered. Links to folders are followed, and each real folder is entered once.
/// Throws Error naming a folder that cannot be read.
void walk(const std::filesystem::path& folder,
          const std::function<bool(const std::filesystem::path&)>& visit);

}  // namespace caddie
