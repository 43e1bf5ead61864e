// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "data/prepare.h"

using namespace caddie;

TEST_CASE("the command in a manifest could be typed again", "[data]") {
  PrepareOptions options;
  options.text = {"books/*.txt", "more.jsonl"};
  options.output = "data/prose";
  options.vocab = 512;
  options.validation_fraction = 0.05;
  options.shard_tokens = 1000;
  CHECK(command_of(options) ==
        "caddie data prepare --text 'books/*.txt' 'more.jsonl' --output 'data/prose' --vocab 512 "
        "--validation-fraction 0.05 --shard-tokens 1000 --field 'text'");
  options.tokenizer = "my.model";
  CHECK(command_of(options).find("--tokenizer 'my.model'") != std::string::npos);
  CHECK(command_of(options).find("--vocab") == std::string::npos);
}
