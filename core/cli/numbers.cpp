// SPDX-License-Identifier: Apache-2.0
// Each check parses the text strictly, and says what was wanted when it refuses one.
#include "cli/numbers.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/characters.h"
#include "base/exit_code.h"
#include "config/units.h"
#include "process/machine.h"

namespace caddie {
namespace {

/// Returns the number that the text writes in decimal digits without a leading zero; nothing when it writes
/// none that fits in 64 bits.
std::optional<int64_t> decimal(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.size() > 1 && digits.starts_with('0')) return std::nullopt;
  return value;
}

/// Returns the finite number that the text writes; nothing when it writes none.
std::optional<double> finite(const std::string& text) {
  if (text.find_first_not_of("0123456789+-.eE") != std::string::npos || text.empty()) return std::nullopt;
  char* end = nullptr;
  double value = std::strtod(text.c_str(), &end);
  if (*end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

CLI::Validator number(const std::string& description, const std::string& wanted,
                      const std::function<bool(double)>& holds) {
  return {[=](std::string& text) {
            std::optional<double> value = finite(text);
            return value && holds(*value) ? std::string() : fmt::format("{}; wanted {}", text, wanted);
          },
          description};
}

std::string whole_fault(const std::string& text) {
  if (decimal(text)) return "";
  bool digits = !text.empty() && text.find_first_not_of("-0123456789") == std::string::npos;
  if (digits && text.find_first_not_of("-0") != std::string::npos && text[text.find_first_not_of('-')] == '0')
    return text + "; wanted a whole number without zeros before it";
  if (digits)
    return fmt::format("{}; wanted a whole number up to {}", text, std::numeric_limits<int64_t>::max());
  return text + "; wanted a whole number";
}

std::string finite_fault(const std::string& text) { return finite(text) ? "" : text + "; wanted a number"; }

}  // namespace

CLI::Validator whole(int64_t low, int64_t high) {
  auto fault = [low, high](std::string& text) {
    if (std::string what = whole_fault(text); !what.empty()) return what;
    int64_t value = *decimal(text);
    if (value >= low && value <= high) return std::string();
    return fmt::format("{}; wanted a whole number from {} to {}", text, low, high);
  };
  return {fault, fmt::format("{} to {}", low, high)};
}

CLI::Validator zero_or_more() {
  return number("0 or more", "a number, 0 or more", [](double value) { return value >= 0; });
}

CLI::Validator above_zero() {
  return number("above 0", "a number above 0", [](double value) { return value > 0; });
}

CLI::Validator within(double low, double high) {
  return number(fmt::format("{:g} to {:g}", low, high), fmt::format("a number from {:g} to {:g}", low, high),
                [=](double value) { return value >= low && value <= high; });
}

CLI::Validator in_seconds() {
  auto convert = [](std::string& text) {
    std::optional<double> seconds = finite(text);
    if (!seconds) seconds = parse_seconds(in_lower_case(text));
    if (!seconds || !std::isfinite(*seconds) || *seconds <= 0)
      return text + "; wanted a time above 0, such as 90s, 20m, 4h or 1h30m";
    text = fmt::format("{}", *seconds);
    return std::string();
  };
  return {convert, "TIME"};
}

CLI::Validator side_by_side() {
  constexpr int kAlways = 64, kForEachCore = 4;
  return whole(1, std::max(kAlways, kForEachCore * core_count()));
}

void check_arguments(std::span<const char* const> arguments) {
  for (const char* argument : arguments) {
    char* end = nullptr;
    double value = std::strtod(argument, &end);
    if (*argument == '-' && end != argument && *end == '\0' && !std::isfinite(value))
      fail_usage("{}: wanted a number that is finite", argument);
  }
}

void check_numbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options({})) {
    std::string type = option->get_type_name();
    if (type.starts_with("INT") || type.starts_with("UINT")) option->check(CLI::Validator(whole_fault, ""));
    if (type.starts_with("FLOAT")) option->check(CLI::Validator(finite_fault, ""));
  }
  for (CLI::App* verb : app.get_subcommands({})) check_numbers(*verb);
}

}  // namespace caddie
