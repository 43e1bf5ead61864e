// SPDX-License-Identifier: Apache-2.0
// Tells which operating system this process runs on.
#pragma once

#include <string>

namespace caddie {

/// Returns the system's name with that of its kernel behind a comma, such as "Debian GNU/Linux 12 (bookworm),
/// Linux 6.1.0"; the kernel alone where the system does not name itself.
std::string operating_system();

}  // namespace caddie
