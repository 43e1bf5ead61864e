// SPDX-License-Identifier: Apache-2.0
// Shards: the tokens of a file are those that its header promises, or it is an Error.
#include <caddie/error.h>

#include <cstring>

#include "base/files.h"
#include "data/shards.h"
#include "fuzz/scratch_file.h"

namespace caddie::fuzz::shard {

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (const std::vector<uint16_t>& tokens : {std::vector<uint16_t>{}, {1, 2, 3, 65535}}) {
    write_shard(scratch_folder() / "seed.bin", tokens);
    all.push_back(read_file(scratch_folder() / "seed.bin"));
  }
  return all;
}

void run(std::string_view bytes) {
  constexpr size_t kHeader = 1024;
  try {
    TokenStream stream(scratch_file("shard.bin", bytes).string());
    std::vector<int32_t> tokens(static_cast<size_t>(stream.size()));
    stream.copy(0, stream.size(), tokens.data());
    require(bytes.size() == kHeader + 2 * tokens.size());
    for (size_t i = 0; i < tokens.size(); ++i) {
      uint16_t token = 0;
      std::memcpy(&token, bytes.data() + kHeader + 2 * i, sizeof token);
      require(tokens[i] == token);
    }
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(shard)

}  // namespace caddie::fuzz::shard
