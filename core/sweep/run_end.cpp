// SPDX-License-Identifier: Apache-2.0
// The first case that applies explains the end, so that the order of the cases matters.
#include "sweep/run_end.h"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

#include "base/text.h"
#include "process/interrupt.h"
#include "process/last_words.h"

namespace caddie {

EndVerdict judge(const RunEnd& end, const RunRequests& requests) {
  int signal = end.process.signal;
  bool interrupted = signal == 0 && end.process.code == kInterrupted;
  // A run that is still starting dies of the signals at which it would later save a checkpoint.
  bool killed = signal == SIGKILL || signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
  if (end.state.status == RunStatus::done) return {RunOutcome::done, ""};
  // Another process is at work on the run now, and its end will be judged.
  if (end.state.status == RunStatus::running) return {RunOutcome::stopped, ""};
  if (requests.timed_out)
    return {RunOutcome::failed,
            fmt::format("timeout: not finished after {}", duration(requests.timeout_seconds))};
  if (signal == 0 && end.process.code == kDiskFull) return {RunOutcome::no_space, ""};
  if (interrupted || (killed && requests.stopping)) return {RunOutcome::stopped, ""};
  if (killed)
    return {RunOutcome::lost, "killed from outside; invoke the sweep again to go on from its checkpoint"};
  if (end.state.stale)
    return {RunOutcome::failed, "the program, a plugin or the data changed while the sweep was running"};
  // The run may have named a plugin at its end.
  bool told = end.last_words.find(kCrashWords) != std::string::npos;
  if (signal > 0)
    return {RunOutcome::failed, told ? end.last_words : fmt::format("crashed: {}", ::strsignal(signal))};
  return {RunOutcome::failed, end.state.files_tell_why() ? end.state.reason : end.last_words};
}

}  // namespace caddie
