// SPDX-License-Identifier: Apache-2.0
// Cells have a fixed number of decimals, but rounded() writes a number that would vanish with three digits.
#include "report/cells.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace caddie {

std::string fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "";
}

std::string rounded(double value, int decimals) {
  bool vanishes = decimals > 0 && value != 0 && std::abs(value) < 0.5 * std::pow(10.0, -decimals);
  return vanishes ? fmt::format("{:.3g}", value) : fixed(value, decimals);
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

std::string signed_fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:+.{}f}", value, decimals) : "";
}

std::string switch_text(bool on) { return on ? "1" : "0"; }

std::string commas(double value) {
  return std::isfinite(value) ? with_commas(int64_t(std::llround(value))) : "";
}

std::string signed_commas(double value) {
  if (!std::isfinite(value)) return "";
  auto whole = int64_t(std::llround(value));
  return whole < 0 ? "-" + with_commas(-whole) : "+" + with_commas(whole);
}

std::string p_text(double p) {
  if (!std::isfinite(p)) return "";
  if (p < 0.0001) return "<.0001";
  std::string text = fixed(p, 4);
  return text[0] == '0' ? text.substr(1) : text;
}

std::string interval_text(double low, double high) {
  return std::isfinite(low) ? fmt::format("[{:+.5f}, {:+.5f}]", low, high) : "";
}

}  // namespace caddie
