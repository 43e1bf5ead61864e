// SPDX-License-Identifier: Apache-2.0
// Numbers of a command line are checked as they are typed, before anything is made of them.
#pragma once

#include <cstdint>
#include <span>

namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace caddie {

/// Accepts whole numbers in decimal digits from `low` to `high`; others are refused in words.
CLI::Validator whole(int64_t low, int64_t high);

/// These accept finite numbers from 0 on, above 0, or from `low` to `high`.
CLI::Validator zero_or_more();
CLI::Validator above_zero();
CLI::Validator within(double low, double high);

/// Accepts times above 0 such as 90s, 4h, 1h30m, in whatever case, or a number of seconds, and makes seconds
/// of them.
CLI::Validator in_seconds();

/// Accepts counts of threads, processes or runs side by side: from 1 to four for each core, or to 64 where
/// that is more.
CLI::Validator side_by_side();

/// Throws Error (kUsage) for an argument that reads as -inf or -nan, which the parser would take for options.
void check_arguments(std::span<const char* const> arguments);

/// Lets every option of the program and its verbs that takes a number refuse texts that only look like one:
/// 010 (which C reads as 8), 0x10, 1e3 for a whole number, nan, inf, and numbers that do not fit.
void check_numbers(CLI::App& app);

}  // namespace caddie
