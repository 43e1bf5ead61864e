// SPDX-License-Identifier: Apache-2.0
// Tokenizers: a file is one whose ids lie in its range and can be decoded, or it is an Error. SentencePiece
// itself is not instrumented.
#include <caddie/error.h>

#include "data/tokenizer.h"
#include "fuzz/scratch_file.h"

namespace caddie::fuzz::tokenizer {

std::vector<std::string> seeds() {
  int left = 40;
  auto next = [&](std::string& document) {
    document = "The path of the just is as the shining light, " + std::to_string(left) + ".";
    return left-- > 0;
  };
  return {train_tokenizer(next, 300)};
}

void run(std::string_view bytes) {
  constexpr const char* kText = "The path of the just, 1885: caf\u00e9.";
  try {
    Tokenizer tokenizer(scratch_file("tokenizer.model", bytes));
    std::vector<int32_t> ids = {tokenizer.begin_id()}, plain;
    tokenizer.encode(kText, ids);
    tokenizer.encode_plain(kText, plain);
    for (int32_t id : ids) require(id >= 0 && id < tokenizer.pieces());
    tokenizer.decode(ids);
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(tokenizer)

}  // namespace caddie::fuzz::tokenizer
