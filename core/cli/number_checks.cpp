// SPDX-License-Identifier: Apache-2.0
#include "cli/number_checks.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <string>

namespace caddie {
namespace {

CLI::Validator number_check(const std::string& range, const std::function<bool(double)>& holds) {
  return CLI::Validator(
      [=](const std::string& text) {
        double number = 0;
        if (!CLI::detail::lexical_cast(text, number) || !std::isfinite(number))
          return fmt::format("{}: not a number; write one {}", text, range);
        return holds(number) ? std::string() : fmt::format("{}: write a number {}", text, range);
      },
      range);
}

}  // namespace

CLI::Validator positive_number() {
  return number_check("above 0", [](double number) { return number > 0; });
}

CLI::Validator number_from_zero() {
  return number_check("of at least 0", [](double number) { return number >= 0; });
}

CLI::Validator number_between(double low, double high) {
  return number_check(fmt::format("from {:g} to {:g}", low, high),
                      [=](double number) { return number >= low && number <= high; });
}

}  // namespace caddie
