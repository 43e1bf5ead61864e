// SPDX-License-Identifier: Apache-2.0
// Reads the training text from its first token to its last, and then again.
// Source: github.com/openai/parameter-golf, train_gpt.py (TokenStream, DistributedTokenLoader).
#include "in_stream_order.h"
using namespace caddie;

struct Sequential final : InStreamOrder {};

CADDIE_PLUGIN(Sequential, .summary = "The text in its order.",
              .source = "github.com/openai/parameter-golf, train_gpt.py", .neutral = true);
