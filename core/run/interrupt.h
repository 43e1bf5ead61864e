// SPDX-License-Identifier: Apache-2.0
// Being asked to stop, and going on later.
#pragma once

#include <string>

namespace caddie {

/// Exit code of a process that was asked to stop and can go on later.
inline constexpr int kInterrupted = 130;

/// After SIGINT or SIGTERM a training stops at the next step, with a checkpoint. Another signal two seconds
/// later ends the program at once.
void stop_on_signals();

/// Whether such a signal came.
bool stop_asked();

/// Throws Error(130) that says where the work stopped.
[[noreturn]] void stop_here(const std::string& where);
/// The same when such a signal came.
void check_not_stopped(const std::string& where);

}  // namespace caddie
