// SPDX-License-Identifier: Apache-2.0
// How tests prepare data.
#pragma once

#include <filesystem>

#include "data/prepare.h"
#include "support/data_support.h"

namespace caddie {

/// Shards of 5000 tokens of the small tokenizer, a tenth of the text held out.
inline PrepareOptions options_for(const std::filesystem::path& text, const std::filesystem::path& output) {
  PrepareOptions options;
  options.text = {text.string()};
  options.output = output;
  options.tokenizer = small_tokenizer();
  options.validation_fraction = 0.1;
  options.shard_tokens = 5000;
  options.quiet = true;
  return options;
}

}  // namespace caddie
