// SPDX-License-Identifier: Apache-2.0
// Compares the largest id of a stream with the vocabulary of a model.
#include "data/token_ids.h"

#include "base/exit_code.h"

namespace caddie {

void check_ids(const TokenStream& stream, int64_t vocabulary) {
  if (stream.max_id() >= vocabulary)
    fail_usage("{}: the shards hold the id {}; a model whose vocabulary is {} knows 0 to {}",
               stream.pattern(), stream.max_id(), vocabulary, vocabulary - 1);
}

}  // namespace caddie
