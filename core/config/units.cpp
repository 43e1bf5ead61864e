// SPDX-License-Identifier: Apache-2.0
// Parses numbers with units; "1h30m" is a sum of such parts.
#include "config/units.h"

#include <cctype>
#include <charconv>
#include <utility>

namespace caddie {
namespace {

using Units = std::initializer_list<std::pair<std::string_view, double>>;

/// Removes "NUMBER UNIT" from the front of `text` and returns it in bytes or seconds; nothing when the text
/// does not begin so.
std::optional<double> take_quantity(std::string_view& text, Units units) {
  double number = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc() || number < 0) return std::nullopt;
  text.remove_prefix(size_t(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  size_t length = 0;
  while (length < text.size() && std::isalpha(static_cast<unsigned char>(text[length]))) ++length;
  for (auto [unit, factor] : units) {
    if (text.substr(0, length) != unit) continue;
    text.remove_prefix(length);
    return number * factor;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_bytes(std::string_view text) {
  constexpr double kKibi = 1024;
  auto bytes = take_quantity(text, {{"B", 1},
                                    {"kB", 1e3},
                                    {"KB", 1e3},
                                    {"MB", 1e6},
                                    {"GB", 1e9},
                                    {"TB", 1e12},
                                    {"KiB", kKibi},
                                    {"MiB", kKibi * kKibi},
                                    {"GiB", kKibi * kKibi * kKibi},
                                    {"TiB", kKibi * kKibi * kKibi * kKibi}});
  return text.empty() ? bytes : std::nullopt;
}

std::optional<double> parse_seconds(std::string_view text) {
  double sum = 0;
  do {
    auto part = take_quantity(text, {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}});
    if (!part) return std::nullopt;
    sum += *part;
  } while (!text.empty());
  return sum;
}

}  // namespace caddie
