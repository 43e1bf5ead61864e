// SPDX-License-Identifier: Apache-2.0
// These checks ask of one run whether its scores can be right.
#pragma once

#include <string>

#include "import/foreign_run.h"

namespace caddie {

/// Says what is wrong with the bytes per token of a run's scores, with the likely cause; "" when nothing is,
/// or its tokenizer is not known.
std::string wrong_bytes(const ForeignRun& run);

/// Says that the validation text has other tokens than that of its tokenizer; "" when it has these, or either
/// is not known.
std::string wrong_tokens(const ForeignRun& run);

/// Says that an evaluation scores fewer tokens, or fewer documents, than the validation text has; "" when it
/// scores all, or does not tell.
std::string unscored_part(const ForeignRun& run);

}  // namespace caddie
