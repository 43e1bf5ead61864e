// SPDX-License-Identifier: Apache-2.0
// What an attack did to the program is told from what could be seen of it, and from nothing else.
#pragma once

#include <span>
#include <string>

namespace caddie::attack {

/// How one command ended.
struct End {
  int code = 0, signal = 0;  // the signal that ended it, or 0
  bool stopped = false;      // whether the attack sent it a signal
  bool hung = false;         // whether it, or a process that it left, was still there at the time limit
  std::string out = {}, err = {};
};

/// One command of a trial. In the order of time these are the attacked ones and then, with the fault gone,
/// those that shall come to the right results.
struct Step {
  std::string command;
  End end;
  std::string difference = {};  // what is other than in the reference; only looked at when the code is 0
  bool said = false;            // whether the output names what was damaged
  bool mute = false;            // whether the attack took its stderr away
};

/// The verdicts are ordered as the columns of the table.
enum class Verdict { kRight, kRefused, kLost, kSilentlyWrong, kCrashed, kHung, kPoor };
inline constexpr const char* kVerdictNames[] = {"right",   "refused", "lost", "silently wrong",
                                                "crashed", "hung",    "poor"};
inline constexpr size_t kVerdicts = std::size(kVerdictNames);

struct Judgement {
  Verdict verdict = Verdict::kRight;
  std::string why = {};  // the command and what was bad about it; empty when nothing was
};

/// Tells what is wrong with what a command that refused said on stderr; "" when it is one line "error: ..."
/// that names a file, a setting or what the machine lacks.
std::string fault_of_message(const std::string& err);

/// The worst that was seen decides, in the order hung, crashed, silently wrong, lost, poor. It is lost when
/// the last command, which nothing disturbs, does not end well with the reference's results.
Judgement judge(std::span<const Step> steps);

/// Tells whether a run of the tool that saw this fails.
inline bool is_failure(Verdict verdict) { return verdict >= Verdict::kLost && verdict <= Verdict::kHung; }

}  // namespace caddie::attack
