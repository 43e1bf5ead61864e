// SPDX-License-Identifier: Apache-2.0
// Errors of the system travel as text, whichever call and room they come from.
#include "base/exit_code.h"

#include <cerrno>
#include <cstring>

namespace caddie {

bool tells_of_full_disk(std::string_view error) {
  for (int number : {ENOSPC, EDQUOT})
    if (error.find(std::strerror(number)) != error.npos) return true;
  return false;
}

}  // namespace caddie
