// SPDX-License-Identifier: Apache-2.0
// Cuts the validation stream to whole sequences.
#include "data/validation.h"

#include <caddie/error.h>

namespace caddie {

int64_t scored_positions(const TokenStream& stream, int64_t sequence_length) {
  check(sequence_length > 0, "{}: validation with sequence length {}; it must be positive", stream.pattern(),
        sequence_length);
  int64_t sequences = (stream.size() - 1) / sequence_length;
  check(sequences > 0,
        "{}: {} validation tokens are too few for one sequence of {} tokens and its last target",
        stream.pattern(), stream.size(), sequence_length);
  return sequences * sequence_length;
}

std::vector<int32_t> load_validation(const TokenStream& stream, int64_t sequence_length) {
  std::vector<int32_t> tokens(size_t(scored_positions(stream, sequence_length) + 1));
  stream.copy(0, int64_t(tokens.size()), tokens.data());
  return tokens;
}

}  // namespace caddie
