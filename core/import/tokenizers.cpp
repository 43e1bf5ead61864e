// SPDX-License-Identifier: Apache-2.0
// What differs tells the cause: the number of tokens, or the ratio of the bytes.
#include "import/tokenizers.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/characters.h"
#include "base/text.h"

namespace caddie {
namespace {

constexpr KnownTokenizer kKnown[] = {{"SP1024", 2.43592, 62021632},
                                     {"SP4096", 3.31925, 45514752},
                                     {"SP8192", 3.72663, 40540160},
                                     {"CaseOps", 3.15715, 47851520}};

/// English text has a space every 5.65 bytes, and a tokenizer of SentencePiece puts each at the beginning of
/// a token. Counted twice, they make the bytes 1.177 times as many; left out, 0.823 times.
constexpr double kSpaceShare = 0.177, kSpaceTolerance = 0.006;

/// Returns the last name of a path, whichever slashes are behind it.
std::string last_name(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return in_lower_case(path.substr(path.find_last_of("/\\") + 1));
}

/// Returns the name of the data's folder, which upstream also prints as "dataset:NAME".
std::string data_name(const ForeignRun& run) {
  std::string loader = run.setting("train_loader");
  constexpr std::string_view kBefore = "dataset:";
  if (loader.starts_with(kBefore)) return in_lower_case(loader.substr(kBefore.size()));
  return last_name(run.setting("datasets_dir"));
}

const KnownTokenizer* called(std::string_view name) {
  for (const KnownTokenizer& known : kKnown)
    if (known.name == name) return &known;
  return nullptr;
}

}  // namespace

std::span<const KnownTokenizer> known_tokenizers() { return kKnown; }

bool is_near(double value, double known, double tolerance) {
  return std::abs(value - known) <= tolerance * std::abs(known);
}

const KnownTokenizer* tokenizer_of(const ForeignRun& run) {
  std::string file = last_name(run.setting("tokenizer_path")), data = data_name(run);
  std::string vocabulary = run.setting("vocab_size");
  bool fits_8192 = vocabulary.empty() || vocabulary == "8192";
  for (const std::string& name : {file, data})
    if (name.find("lossless_caps_caseops_v1") != std::string::npos)
      return fits_8192 ? called("CaseOps") : nullptr;
  for (std::string_view size : {"1024", "4096", "8192"}) {
    bool by_file = file == "fineweb_" + std::string(size) + "_bpe.model";
    bool by_data = (file.empty() || file == "tokenizer.model") && data == "fineweb10b_sp" + std::string(size);
    bool contradicted = !vocabulary.empty() && vocabulary != size;
    if ((by_file || by_data) && !contradicted) return called("SP" + std::string(size));
  }
  return nullptr;
}

std::optional<double> bytes_per_token(std::optional<double> loss_nats, std::optional<double> bpb) {
  if (!loss_nats || !bpb || !(*loss_nats > 0) || !(*bpb > 0)) return std::nullopt;
  double bytes = *loss_nats / (std::numbers::ln2 * *bpb);
  return std::isfinite(bytes) ? std::optional(bytes) : std::nullopt;
}

std::string likely_cause(double bytes, const KnownTokenizer& known, std::optional<int64_t> tokens) {
  double ratio = bytes / known.bytes_per_token;
  if (tokens && !is_near(double(*tokens), double(known.validation_tokens), kTokenTolerance)) {
    std::string counts = fmt::format("{} tokens, where {} has {}", with_commas(*tokens), known.name,
                                     with_commas(known.validation_tokens));
    return (*tokens < known.validation_tokens ? "a truncated shard or another validation set: "
                                              : "another validation set: ") +
           counts;
  }
  if (is_near(ratio, 1 + kSpaceShare, kSpaceTolerance)) return "the leading space of tokens is counted twice";
  if (is_near(ratio, 1 - kSpaceShare, kSpaceTolerance))
    return tokens ? "the leading space of tokens is not counted"
                  : "the leading space of tokens is not counted, or a shard is truncated";
  for (const KnownTokenizer& other : kKnown)
    if (is_near(bytes, other.bytes_per_token, kByteTolerance))
      return fmt::format("these are the bytes of {}, another tokenizer", other.name);
  if (!tokens && ratio < 1) return "a truncated shard or another validation set";
  return "another validation set, or a wrong table of bytes";
}

}  // namespace caddie
