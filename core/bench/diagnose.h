// SPDX-License-Identifier: Apache-2.0
// A diagnosis lists what this program finds on this machine, and what would keep it from working well.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "comm/comm.h"
#include "process/machine.h"

namespace caddie {

/// Says how one part of the machine or of the program stands.
struct Finding {
  std::string subject, text;
  bool fine = true;  // whether nothing is to be mended
};

/// Returns all findings on this machine and this process, in the order in which people read them.
std::vector<Finding> diagnose();

// These functions are given what they judge, so that tests can describe other machines.

/// Judges the memory. `huge_pages` is the system's setting of transparent huge pages.
Finding memory_finding(const Memory& memory, const std::string& huge_pages);
/// Judges the disk; `bytes` are free where runs are written.
Finding disk_finding(uint64_t bytes);
/// Judges the plugins; `found` is their number, and `refused` names those of another SDK.
Finding plugins_finding(size_t found, const std::vector<std::string>& refused);
/// Judges what a launcher of ranks, if any, has set in the `environment`.
Finding ranks_finding(const Environment& environment);

}  // namespace caddie
