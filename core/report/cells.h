// SPDX-License-Identifier: Apache-2.0
// Numbers as the cells of tables: empty when they are not known.
#pragma once

#include <string>

#include "results/json_fields.h"

namespace caddie {

std::string fixed(double value, int decimals);         // 1.50000
Json number_or_null(double value);                     // in JSON
std::string signed_fixed(double value, int decimals);  // +0.01250
std::string signed_commas(double value);               // -1,234
std::string switch_text(bool on);                      // "0", "1"
std::string p_text(double p);                          // .0123, <.0001
std::string interval_text(double low, double high);    // [-0.00100, +0.00200]

}  // namespace caddie
