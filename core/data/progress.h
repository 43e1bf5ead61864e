// SPDX-License-Identifier: Apache-2.0
// Shows the progress of a pass over many bytes.
#pragma once

#include <cstdint>
#include <string>

#include "base/console.h"
#include "base/stopwatch.h"

namespace caddie {

/// Shows on stderr how far a pass is.
class ByteProgress {
 public:
  /// `what` names the pass and `total` is its number of bytes. A quiet one prints nothing.
  ByteProgress(std::string what, int64_t total, bool quiet);

  /// Shows the share done, the speed and the time left, if it is time to show something again.
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
