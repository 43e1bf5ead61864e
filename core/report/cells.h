// SPDX-License-Identifier: Apache-2.0
// These functions write numbers as cells of tables. A cell is empty when its number is not known.
#pragma once

#include <string>

#include "results/json_fields.h"

namespace caddie {

/// Returns "1.50000", for example.
std::string fixed(double value, int decimals);
/// Returns what fixed() does, but "1.2e-12" where only zeros would be left.
std::string rounded(double value, int decimals);
/// Returns the number for JSON, and null when it is not known.
Json number_or_null(double value);
/// Returns "+0.01250", for example.
std::string signed_fixed(double value, int decimals);
/// Returns the nearest whole number: "1,234".
std::string commas(double value);
/// Returns a whole number with its sign: "-1,234".
std::string signed_commas(double value);
/// Returns "0" or "1".
std::string switch_text(bool on);
/// Returns ".0123" or "<.0001", for example.
std::string p_text(double p);
/// Returns "[-0.00100, +0.00200]", for example.
std::string interval_text(double low, double high);

}  // namespace caddie
