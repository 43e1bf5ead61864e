// SPDX-License-Identifier: Apache-2.0
// Lines that a training script prints when it has trained: why it stopped, scores, sizes, memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "import/foreign_run.h"

namespace caddie {

/// Reads "LABEL val_loss:x val_bpb:y eval_time:Tms", in which the score or the loss may be missing, '=' may
/// stand for ':', and other fields between. Returns nothing for any other line, for a step's, and for one
/// that counts parts of an evaluation, such as "chunk 3/100 val_bpb:1.2". The stage is not set.
std::optional<ForeignScore> score_line(std::string_view line);

/// Reads "LABEL: N bytes", whatever follows. Returns nothing for any other line.
std::optional<ForeignSize> size_line(std::string_view line);

/// Says why a training ended before its last step, and when.
struct StopLine {
  std::string reason;
  std::optional<double> seconds;
  std::optional<int64_t> step, of;
};

/// Reads "stopping_early: REASON train_time:Tms step:i/n". Returns nothing for any other line.
std::optional<StopLine> stop_line(std::string_view line);

/// Reads "peak memory allocated: N MiB reserved: N MiB". Returns the bytes that were allocated.
std::optional<int64_t> memory_line(std::string_view line);

/// Reads how many tokens an evaluation by windows scores, from "total_windows=N ... stride=N" in a line.
std::optional<int64_t> scored_tokens_in(std::string_view line);

}  // namespace caddie
