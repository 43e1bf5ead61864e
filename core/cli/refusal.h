// SPDX-License-Identifier: Apache-2.0
// What is wrong with a command line is said in the words of the other errors.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace caddie {

/// Returns what is wrong with a command line that `app` has parsed as far as it goes, in one sentence: the
/// verb or option that does not exist with the nearest one that does, what is missing, or the option whose
/// value is refused.
std::string refusal(const CLI::App& app, const CLI::ParseError& error);

}  // namespace caddie
