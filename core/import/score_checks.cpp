// SPDX-License-Identifier: Apache-2.0
// A score is the loss divided by the bytes per token, so that the two printed together tell these.
#include "import/score_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "import/tokenizers.h"

namespace caddie {
namespace {

/// Returns the bytes per token of the score that counts, and where these are right those of the first other
/// score that has others.
std::optional<double> doubtful_bytes(const ForeignRun& run, double known) {
  std::optional<ForeignScore> last = run.last_score();
  if (!last) return std::nullopt;
  std::optional<double> bytes = bytes_per_token(last->loss, last->bpb);
  if (bytes && !is_near(*bytes, known, kByteTolerance)) return bytes;
  for (const ForeignScore& score : run.scores)
    if (std::optional<double> own = bytes_per_token(score.loss, score.bpb))
      if (!is_near(*own, known, kByteTolerance)) return own;
  return std::nullopt;
}

/// Returns the tokenizer whose bytes these are when leading spaces count twice; null when there is none.
const KnownTokenizer* with_spaces_twice(double bytes) {
  for (const KnownTokenizer& known : known_tokenizers())
    if (likely_cause(bytes, known, known.validation_tokens).find("counted twice") != std::string::npos)
      return &known;
  return nullptr;
}

}  // namespace

std::string wrong_bytes(const ForeignRun& run) {
  const KnownTokenizer* known = tokenizer_of(run);
  if (!known) {
    std::optional<ForeignScore> last = run.last_score();
    std::optional<double> bytes = last ? bytes_per_token(last->loss, last->bpb) : std::nullopt;
    const KnownTokenizer* doubled = bytes ? with_spaces_twice(*bytes) : nullptr;
    if (!doubled) return "";
    return fmt::format(
        "{:.3f} bytes a token: those of {} ({:.3f}) with the leading space of tokens counted twice", *bytes,
        doubled->name, doubled->bytes_per_token);
  }
  std::optional<double> bytes = doubtful_bytes(run, known->bytes_per_token);
  if (!bytes) return "";
  return fmt::format("{:.3f} bytes a token, where {} has {:.3f} ({:+.2f} %); likely cause: {}", *bytes,
                     known->name, known->bytes_per_token, 100 * (*bytes / known->bytes_per_token - 1),
                     likely_cause(*bytes, *known, run.validation_tokens));
}

std::string wrong_tokens(const ForeignRun& run) {
  const KnownTokenizer* known = tokenizer_of(run);
  if (!known || !run.validation_tokens) return "";
  int64_t own = *run.validation_tokens;
  if (is_near(double(own), double(known->validation_tokens), kTokenTolerance)) return "";
  return fmt::format("{} tokens of validation text, where {} owes {}{}", with_commas(own), known->name,
                     with_commas(known->validation_tokens),
                     own < known->validation_tokens ? ": a truncated shard, or another validation set"
                                                    : ": another validation set");
}

std::string unscored_part(const ForeignRun& run) {
  // Windows leave a rest at the end that is shorter than one of them.
  double window = std::max(run.number("eval_seq_len").value_or(0), run.number("train_seq_len").value_or(0));
  if (run.scored_tokens && run.validation_tokens) {
    double missing = double(*run.validation_tokens - *run.scored_tokens);
    if (missing > std::max(window, kTokenTolerance * double(*run.validation_tokens)))
      return fmt::format("{} of {} tokens are scored", with_commas(*run.scored_tokens),
                         with_commas(*run.validation_tokens));
  }
  if (std::optional<double> share = run.number("val_doc_fraction"); share && *share > 0 && *share < 1)
    return fmt::format("only {:g} of the documents are scored (val_doc_fraction)", *share);
  return "";
}

}  // namespace caddie
