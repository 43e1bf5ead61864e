// SPDX-License-Identifier: Apache-2.0
#include "attack/judge.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <vector>

#include "base/text.h"

namespace caddie::attack {
namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// The signs of a fault in the program that is not a message for a user.
constexpr const char* kCrashes[] = {"internal error", "Sanitizer", "runtime error:", "terminate called",
                                    "Assertion",      "crashed",   "dumped"};
constexpr const char* kInternalWords[] = {"std::",       "basic_",    "json.exception", "type_error",
                                          "parse_error", "bad_alloc", "what()",         "iostream error",
                                          ".cc(",        "vector::"};

std::string crash_of(const End& end) {
  if (end.signal != 0 && !end.stopped) return fmt::format("ended by signal {}", end.signal);
  for (const std::string* text : {&end.err, &end.out})
    for (const char* sign : kCrashes)
      if (has(*text, sign)) return fmt::format("says \"{}\"", sign);
  return "";
}

/// Tells whether a message, behind "error: ", says where: it begins with a name, or has a path, a setting, an
/// option, something quoted, a command, or what the machine lacks.
bool names_a_place(const std::string& message) {
  static const std::regex place(
      R"(^ [^ ]+: |[^ ]/[^ ]|[a-z_]\.[a-z_]+|--[a-z]|['"][^'"]+['"]|caddie [a-z]+|same command|)"
      "memory|process|thread|stdout|descriptor");
  return std::regex_search(message, place);
}

/// What of a step is worse than a refusal; kRight when nothing is.
Judgement judge(const Step& step) {
  auto bad = [&](Verdict verdict, std::string why) { return Judgement{verdict, step.command + ": " + why}; };
  if (step.end.hung) return bad(Verdict::kHung, "does not end");
  std::string crash = crash_of(step.end);
  if (!crash.empty()) return bad(Verdict::kCrashed, crash);
  bool well = step.end.code == 0 && step.end.signal == 0;
  if (well && !step.difference.empty() && !step.said) return bad(Verdict::kSilentlyWrong, step.difference);
  bool speaks = !well && !step.end.stopped && !step.mute;
  std::string fault = speaks ? fault_of_message(step.end.err) : "";
  return fault.empty() ? Judgement{} : bad(Verdict::kPoor, fault);
}

/// The later the worse.
int badness(Verdict verdict) {
  constexpr Verdict kOrder[] = {Verdict::kRight,         Verdict::kRefused, Verdict::kPoor, Verdict::kLost,
                                Verdict::kSilentlyWrong, Verdict::kCrashed, Verdict::kHung};
  return int(std::ranges::find(kOrder, verdict) - kOrder);
}

}  // namespace

std::string fault_of_message(const std::string& err) {
  // The loader speaks before the program does.
  if (has(err, "error while loading shared libraries")) return "";
  std::vector<std::string> errors;
  for (const std::string& line : split(err, '\n')) {
    std::string last = line.substr(line.rfind('\r') + 1);
    if (last.starts_with("error:")) errors.push_back(last);
  }
  if (errors.empty())
    return "no line \"error: ...\" in \"" + err.substr(err.size() - std::min<size_t>(err.size(), 200)) + "\"";
  if (errors.size() > 1) return fmt::format("{} errors: {} / {}", errors.size(), errors[0], errors[1]);
  for (const char* word : kInternalWords)
    if (has(errors[0], word)) return fmt::format("\"{}\" in: {}", word, errors[0]);
  return names_a_place(errors[0].substr(6)) ? "" : "no place named: " + errors[0];
}

Judgement judge(std::span<const Step> steps) {
  Judgement worst;
  auto take = [&](Judgement other) {
    if (badness(other.verdict) > badness(worst.verdict)) worst = std::move(other);
  };
  for (const Step& step : steps) {
    take(judge(step));
    if (step.end.code != 0 && !step.end.stopped) take({Verdict::kRefused});
  }
  if (steps.empty()) return worst;
  const Step& last = steps.back();
  if (last.end.code != 0 || last.end.signal != 0)
    take({Verdict::kLost, last.command + ": still refuses: " + last.end.err});
  else if (!last.difference.empty())
    take({Verdict::kLost, last.command + ": " + last.difference});
  return worst;
}

}  // namespace caddie::attack
