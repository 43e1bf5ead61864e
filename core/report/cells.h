// SPDX-License-Identifier: Apache-2.0
// Numbers become the cells of tables, which are empty when a number is not known.
#pragma once

#include <string>

#include "results/json_fields.h"

namespace caddie {

std::string fixed(double value, int decimals);         // 1.50000, for example
std::string rounded(double value, int decimals);       // the same, but 1.2e-12 where only zeros would be left
Json number_or_null(double value);                     // is null in JSON
std::string signed_fixed(double value, int decimals);  // +0.01250, for example
std::string signed_commas(double value);               // -1,234, for example
std::string switch_text(bool on);                      // "0" or "1"
std::string p_text(double p);                          // .0123 or <.0001, for example
std::string interval_text(double low, double high);    // [-0.00100, +0.00200], for example

}  // namespace caddie
