// SPDX-License-Identifier: Apache-2.0
// Cases of kind bpb_lut: the byte tables of a SentencePiece model, and texts counted with them.
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

template <class T>
std::vector<int64_t> widen(const std::vector<T>& values) {
  return {values.begin(), values.end()};
}

void check_tables(const Case& c, const Vocabulary& vocabulary, Verdict& verdict) {
  SafetensorsFile tables = c.tensors("tables.safetensors");
  verdict.equal("base_bytes", widen(vocabulary.base_bytes()), tables.integers("base_bytes"));
  verdict.equal("has_leading_space", widen(vocabulary.has_leading_space()),
                tables.integers("has_leading_space"));
  verdict.equal("is_boundary", widen(vocabulary.is_boundary()), tables.integers("is_boundary"));
}

}  // namespace

void check_byte_tables(const Case& c, Bench&, Verdict& verdict) {
  know_keys(c.config(), "config", {"vocab_size"});
  std::filesystem::path model = c.folder / c.at("tokenizer").at("file").get<std::string>();
  Vocabulary vocabulary(model, c.config().at("vocab_size"));
  Tokenizer tokenizer(model);
  verdict.equal("table_size", vocabulary.base_bytes().size() != c.at("table_size").get<size_t>());
  check_tables(c, vocabulary, verdict);

  int64_t total = 0;
  for (const Json& text : c.at("texts")) {
    std::string what = "text " + text.at("text").dump();
    std::vector<int32_t> ids;
    tokenizer.encode(text.at("text").get<std::string>(), ids);
    verdict.equal(what + ", ids", ids, text.at("ids").get<std::vector<int32_t>>());
    verdict.equal(what + ", decoded", tokenizer.decode(ids) != text.at("decoded").get<std::string>());
    std::vector<int32_t> previous = {tokenizer.begin_id()};
    previous.insert(previous.end(), ids.begin(), ids.end());
    previous.pop_back();
    int64_t bytes = ids.empty() ? 0 : vocabulary.bytes(previous, ids);
    verdict.equal(what + ", bytes", bytes != text.at("byte_count_as_document_after_bos").get<int64_t>());
    total += bytes;
  }
  verdict.equal("total_bytes", total != c.expected().at("total_bytes").get<int64_t>());
}

}  // namespace caddie::parity
