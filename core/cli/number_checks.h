// SPDX-License-Identifier: Apache-2.0
// Options that take a number say in words which numbers they take; "nan" and "inf" are none.
#pragma once

#include <CLI/CLI.hpp>

namespace caddie {

/// Each returns an error for a text that is no finite number of the kind.
CLI::Validator positive_number();
CLI::Validator number_from_zero();
CLI::Validator number_between(double low, double high);

}  // namespace caddie
