// SPDX-License-Identifier: Apache-2.0
// Cases of kind text_transform: texts there and back, and the shards of them with their byte sidecars.
#include "base/hash.h"
#include "data/byte_sidecar.h"
#include "data/tokenizer.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// The transform of a case.
std::unique_ptr<TextTransform> transform_of(const Case& c, Bench& bench) {
  Tree tree = bench.experiment(c, {{"text_transform", c.config().at("text_transform")}});
  std::string name;
  tree.read("parity", [&](Settings& s) { s("transform", name, "plugin of kind text_transform"); });
  if (!bench.registry().has(name)) skip("there is no plugin '{}'", name);
  return bench.registry().make<TextTransform>(name, "parity.transform");
}

/// What all texts of a case become in one shard: each behind the token that begins a document.
struct Written {
  std::vector<uint16_t> tokens, bytes;
};

void check_text(const Json& text, const TextTransform& transform, const Tokenizer& tokenizer,
                Written& written, Verdict& verdict) {
  auto original = text.at("text").get<std::string>();
  std::string what = "text " + text.at("text").dump();
  TransformedText transformed = transform.apply(original);
  verdict.equal(what + ", transformed", transformed.text != text.at("transformed").get<std::string>());
  verdict.equal(what + ", back again", transform.invert(transformed.text) != original);
  std::vector<int32_t> ids;
  std::vector<uint16_t> bytes;
  tokenizer.encode(transformed, ids, bytes);
  verdict.equal(what + ", ids", ids, text.at("ids").get<std::vector<int32_t>>());
  verdict.equal(what + ", bytes", bytes, text.at("byte_counts").get<std::vector<uint16_t>>());
  written.tokens.push_back(uint16_t(tokenizer.begin_id()));
  written.bytes.push_back(0);
  written.tokens.insert(written.tokens.end(), ids.begin(), ids.end());
  written.bytes.insert(written.bytes.end(), bytes.begin(), bytes.end());
}

/// Compares what a malformed text becomes, or that it is refused.
void check_malformed(const Json& text, const TextTransform& transform, Verdict& verdict) {
  std::string what = "the inverse of " + text.at("transformed").dump();
  std::string back;
  bool refused = false;
  try {
    back = transform.invert(text.at("transformed").get<std::string>());
  } catch (const Error&) {
    refused = true;
  }
  verdict.equal(what + ", refused", refused == text.at("error").is_null());
  if (!refused) verdict.equal(what, back != text.value("text", ""));
}

}  // namespace

void check_text_transform(const Case& c, Bench& bench, Verdict& verdict) {
  know_keys(c.config(), "config",
            {"text_transform", "control_symbols", "tokenizer_sha256", "bos_id", "control_pieces"});
  std::unique_ptr<TextTransform> transform = transform_of(c, bench);
  std::filesystem::path model = c.folder / "tokenizer.model";
  Tokenizer tokenizer(model);
  verdict.equal("tokenizer_sha256", sha256_file(model) != c.config().at("tokenizer_sha256"));
  verdict.equal("bos_id", tokenizer.begin_id() != c.config().at("bos_id").get<int>());
  for (const std::string& symbol : transform->symbols())
    verdict.equal("a piece for each symbol", !tokenizer.has_piece(symbol));

  Written written;
  for (const Json& text : c.expected().at("texts")) check_text(text, *transform, tokenizer, written, verdict);
  for (const Json& text : c.expected().at("malformed")) check_malformed(text, *transform, verdict);

  TokenStream stream((c.folder / "fineweb_val_*.bin").string());
  std::span<const uint16_t> tokens = stream.tokens(0);
  verdict.equal("tokens of the shard", written.tokens, std::vector<uint16_t>(tokens.begin(), tokens.end()));
  verdict.equal("its sidecar", written.bytes, load_byte_sidecar(stream, Vocabulary(model, 0)));
}

}  // namespace caddie::parity
