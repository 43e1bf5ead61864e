// SPDX-License-Identifier: Apache-2.0
// Logs of runs: a reason for the failure is found in any of them.
#include "fuzz/scratch_file.h"
#include "sweep/run_state.h"

namespace caddie::fuzz::log {

std::vector<std::string> seeds() {
  return {"step 1\nerror: a.toml:3: no such key\n --> a.toml\n", "internal error: out of memory",
          std::string(5000, 'x') + "\nstep 9\r"};
}

void run(std::string_view bytes) {
  scratch_file("log.txt", bytes);
  require(!error_in_log(scratch_folder()).empty());
  last_log_line(scratch_folder());
}

CADDIE_FUZZ_TARGET(log)

}  // namespace caddie::fuzz::log
