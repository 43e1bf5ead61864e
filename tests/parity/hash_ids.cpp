// SPDX-License-Identifier: Apache-2.0
// Cases of kind hash_ids: the bucket numbers of hashed token pairs and triples. A plugin gives no bucket
// numbers away, so it is given a table whose row r holds the number r, one wide, and a factor of 1: what it
// embeds is then the bucket, and a sum of buckets where it adds several.
#include "autograd/tape.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

constexpr int64_t kLargestExactFloat = 1 << 24;

/// The weights of one embedding in a model of width 1.
class OneWideWeights final : public Weights {
 public:
  OneWideWeights() {
    shape_.vocabulary = 1 << 16;
    shape_.layers = shape_.width = shape_.heads = shape_.kv_heads = shape_.head_size = 1;
  }
  const ModelShape& model() const override { return shape_; }
  const std::vector<int>& layers() const override { return layers_; }
  std::vector<Leaf> leaves;

 private:
  Parameter declare(WeightInfo info) override {
    Tensor value(info.shape);
    bool table = info.role == Role::kEmbedding;
    check(!table || (info.shape.last() == 1 && value.numel() < kLargestExactFloat),
          "the table '{}' has shape {}; bucket numbers are read off one of width 1", info.name, info.shape);
    for (int64_t i = 0; i < value.numel(); ++i) value.data()[i] = table ? float(i) : 1;
    leaves.push_back({value, nullptr, false});
    return {int(leaves.size()) - 1};
  }

  ModelShape shape_;
  std::vector<int> layers_ = {0};
};

/// A pass that has tokens and nothing else.
class TokensOnly final : public Forward {
 public:
  explicit TokensOnly(Ids ids) { tokens = ids; }
  void keep(int, Var) override {}
  Var kept(int) const override { return {}; }
  IndexedRng rng(int) const override { return {0, ""}; }
  Var logits_by_table(Var) override {
    skip("an embedding that asks for logits cannot be asked for its bucket numbers");
  }

 private:
  Tensor find_table(int64_t, const Shape&, void (*)(void*, float*), void*) override {
    skip("an embedding that asks for tables cannot be asked for its bucket numbers");
  }
};

struct Tokens {
  std::vector<int32_t> ids;
  int64_t batch, length;
};

/// The sum of the bucket numbers at each position, over all embeddings that the facts make.
std::vector<int64_t> buckets(const Case& c, const Facts& facts, const Tokens& tokens, Bench& bench) {
  Tree tree = bench.experiment(c, facts);
  std::vector<int64_t> sums(tokens.ids.size());
  for (const std::string& label : tree.children("techniques")) {
    auto embedding = bench.make<Embedding>(tree, join_path("techniques", label));
    OneWideWeights weights;
    embedding->weights(weights);
    Tape tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(weights.leaves, false);
    TokensOnly forward({tokens.ids.data(), tokens.batch, tokens.length, Device::kCpu});
    Var embedded = embedding->embed(forward);
    for (size_t i = 0; i < sums.size(); ++i) sums[i] += int64_t(embedded.data()[i]);
  }
  return sums;
}

}  // namespace

void check_hash_ids(const Case& c, Bench& bench, Verdict& verdict) {
  know_keys(c.config(), "config", {"bigram_vocab_sizes"});
  SafetensorsFile inputs = c.tensors("inputs.safetensors"), expected = c.tensors("expected.safetensors");
  std::vector<int64_t> ids = inputs.integers("tokens");
  const Shape& shape = inputs.tensor("tokens").shape;
  Tokens tokens{{ids.begin(), ids.end()}, shape.rows(), shape.last()};
  for (const Json& size : c.config().at("bigram_vocab_sizes")) {
    auto with = [&](bool triples) {
      return buckets(c,
                     {{"bigram_vocab_size", size}, {"bigram_dim", 1}, {"model_dim", 1}, {"trigram", triples}},
                     tokens, bench);
    };
    std::vector<int64_t> pairs = with(false), triples = with(true);
    for (size_t i = 0; i < pairs.size(); ++i) triples[i] -= pairs[i];
    verdict.equal("bigram." + size.dump(), pairs, expected.integers("bigram." + size.dump()));
    verdict.equal("trigram." + size.dump(), triples, expected.integers("trigram." + size.dump()));
  }
}

}  // namespace caddie::parity
