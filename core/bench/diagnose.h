// SPDX-License-Identifier: Apache-2.0
// The findings say what this program meets on this machine, and what would keep it from working well.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "comm/comm.h"
#include "process/machine.h"

namespace caddie {

struct Finding {
  std::string subject, text;
  bool fine = true;  // whether nothing is to be mended
};

/// Returns all findings on this machine and this process, in the order in which people read them.
std::vector<Finding> diagnose();

// These functions judge what they are given, so that tests can give what this machine is not.

/// `huge_pages` is what the system says of transparent ones.
Finding memory_finding(const Memory& memory, const std::string& huge_pages);
/// `bytes` are free where runs are written.
Finding disk_finding(uint64_t bytes);
/// `found` is the number of plugins; `refused` names those of another SDK.
Finding plugins_finding(size_t found, const std::vector<std::string>& refused);
/// `environment` holds the variables that a launcher may have set.
Finding ranks_finding(const Environment& environment);

}  // namespace caddie
