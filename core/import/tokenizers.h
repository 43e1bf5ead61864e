// SPDX-License-Identifier: Apache-2.0
// The tokenizers of openai/parameter-golf have known numbers of bytes and tokens on its validation text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "import/foreign_run.h"

namespace caddie {

/// Describes the validation text of FineWeb, 50,000 documents, under one tokenizer.
struct KnownTokenizer {
  std::string_view name;
  double bytes_per_token;     // the bytes of the text, divided by its tokens
  int64_t validation_tokens;  // the tokens that whole windows hold, up to kTokenTolerance
};

/// Returns all tokenizers whose numbers are known. Source: values over 2,663 public logs, and the records'.
std::span<const KnownTokenizer> known_tokenizers();

/// Bytes per token may differ by this share: scores are printed with four decimals at least.
inline constexpr double kByteTolerance = 1e-3;
/// Tokens may differ by this share, because windows of another length leave out another rest at the end.
inline constexpr double kTokenTolerance = 2e-4;

/// Returns the tokenizer that the run's settings name by the file of the tokenizer or the folder of the data;
/// null where they name none, or one that is not known.
const KnownTokenizer* tokenizer_of(const ForeignRun& run);

/// Returns the bytes per token by which a loss in nats per token becomes a score in bits per byte; nothing
/// unless both are above 0 and finite.
std::optional<double> bytes_per_token(std::optional<double> loss_nats, std::optional<double> bpb);

/// Says what the likely cause is when bytes per token are not what is known, in words: a leading space that
/// is counted twice or not at all, a truncated shard, another validation set, or the bytes of another
/// tokenizer. `tokens` are those of the validation text where they were printed.
std::string likely_cause(double bytes, const KnownTokenizer& known, std::optional<int64_t> tokens);

/// Tells whether two numbers differ by no more than a share of the second.
bool is_near(double value, double known, double tolerance);

}  // namespace caddie
