// SPDX-License-Identifier: Apache-2.0
// Lines that a training prints of a step, in the formats of openai/parameter-golf and
// KellerJordan/modded-nanogpt.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace caddie {

/// Holds what one line tells of a step. Losses are in nats per token, the score in bits per byte.
struct StepLine {
  int64_t step = 0;
  std::optional<int64_t> of;  // the steps that are planned
  std::optional<double> train_loss, val_loss, val_bpb;
  std::optional<double> seconds;  // the training time so far
  std::optional<double> step_ms, tokens_per_second;
};

/// Reads "step:i/n train_loss:x train_time:Tms step_avg:Tms", in which train_loss may be missing or val_loss
/// and val_bpb stand for it, and "i/n train_loss: x train_time: Tm tok/s: r". Returns nothing for any other
/// line, and for one of these whose numbers cannot be read.
std::optional<StepLine> step_line(std::string_view line);

}  // namespace caddie
