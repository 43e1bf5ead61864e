// SPDX-License-Identifier: Apache-2.0
#include "data/token_ids.h"

#include <caddie/error.h>

namespace caddie {

void check_ids(const TokenStream& stream, int64_t vocabulary) {
  check(stream.max_id() < vocabulary,
        "{}: the shards hold the id {}; a model whose vocabulary is {} knows 0 to {}", stream.pattern(),
        stream.max_id(), vocabulary, vocabulary - 1);
}

}  // namespace caddie
