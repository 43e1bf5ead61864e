// SPDX-License-Identifier: Apache-2.0
// Progress of a pass over many bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/console.h"
#include "base/stopwatch.h"

namespace caddie {

class ByteProgress {
 public:
  /// `total`: bytes of the whole pass. A quiet one prints nothing.
  ByteProgress(std::string what, int64_t total, bool quiet);

  /// Shows share, bytes a second and time left, when it is due.
  void update(int64_t done);

  /// Ends the pass with one line: `what`, the time taken and `result`.
  void finish(const std::string& result);

 private:
  std::string what_;
  int64_t total_;
  StatusLine line_;
  Stopwatch clock_;
};

}  // namespace caddie
