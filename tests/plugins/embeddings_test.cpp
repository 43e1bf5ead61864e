// SPDX-License-Identifier: Apache-2.0
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr ModelShape kEmbeddingModel = {.vocabulary = 50, .layers = 2, .width = 6};

// The rows that an embedding of dimension = width = 1 looks up, read from a table that holds its own numbers.
std::vector<double> rows_of(const char* plugin, Values settings, const std::vector<int32_t>& tokens) {
  settings.insert(settings.end(), {{"dim", "1"}});
  PluginHost host(plugin, settings, {.width = 1});
  std::vector<Tensor> values;
  for (const WeightInfo& info : host.infos()) {
    values.emplace_back(info.shape);
    for (int64_t i = 0; i < info.shape.numel(); ++i)
      values.back().data()[i] = info.role == Role::kEmbedding ? float(i) : 1;
  }
  TestForward forward({}, {tokens.data(), 1, int64_t(tokens.size())});
  Tensor y = run([&] { return host.as<Embedding>().embed(forward); }, values);
  return {y.data(), y.data() + y.numel()};
}

void check_embedding_gradients(const char* plugin, Values settings) {
  const std::vector<int32_t> tokens = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7};
  settings.insert(settings.end(), {{"buckets", "7"}});
  for (const char* dim : {"3", "6"}) {
    Values all = settings;
    all.emplace_back("dim", dim);
    PluginHost host(plugin, all, kEmbeddingModel);
    check_gradients(
        [&] {
          TestForward forward(kEmbeddingModel, {tokens.data(), 2, 7});
          return host.as<Embedding>().embed(forward);
        },
        host.random_weights());
  }
}

const std::vector<int32_t> kTokens = {1, 17, 1023, 0, 512, 511};
using TableRows = std::vector<double>;

}  // namespace

TEST_CASE("bigram_hash finds the published buckets", "[embeddings]") {
  const char* plugin = "bigram_hash";
  CHECK(rows_of(plugin, {{"buckets", "2048"}}, kTokens) == TableRows{2047, 638, 452, 1757, 1402, 1047});
  CHECK(rows_of(plugin, {{"buckets", "3072"}}, kTokens) == TableRows{3071, 542, 598, 2346, 422, 2245});
  CHECK(rows_of(plugin, {}, kTokens) == TableRows{4095, 494, 3743, 3153, 956, 1821});
  CHECK(rows_of(plugin, {{"buckets", "10240"}}, kTokens) == TableRows{10239, 6551, 2444, 7269, 8471, 3516});
  CHECK(rows_of(plugin, {{"hash", "linear"}}, kTokens) == TableRows{1, 2726, 2020, 2411, 512, 3071});
}

TEST_CASE("bigram_hash wraps products in 32 bits and never takes a negative remainder", "[embeddings]") {
  CHECK(rows_of("bigram_hash", {{"buckets", "10240"}}, {60000, 65535, 60000}) ==
        TableRows{10239, 5702, 1568});
  CHECK(rows_of("bigram_hash", {{"buckets", "10240"}}, {0, 65535}) == TableRows{10239, 10109});
}

TEST_CASE("bigram_hash looks up triples in the same table when asked", "[embeddings]") {
  TableRows pairs = rows_of("bigram_hash", {{"buckets", "3072"}}, kTokens);
  TableRows sums = rows_of("bigram_hash", {{"buckets", "3072"}, {"trigram", "true"}}, kTokens);
  TableRows triples;
  for (size_t t = 0; t < sums.size(); ++t) triples.push_back(sums[t] - pairs[t]);
  CHECK(triples == TableRows{3071, 3071, 1390, 2443, 57, 2245});
}

TEST_CASE("trigram_hash finds the published buckets", "[embeddings]") {
  CHECK(rows_of("trigram_hash", {}, kTokens) == TableRows{4095, 494, 3513, 3743, 3296, 2478});
}

TEST_CASE("Hashed embeddings differentiate", "[embeddings]") {
  check_embedding_gradients("bigram_hash", {});
  check_embedding_gradients("bigram_hash", {{"trigram", "true"}});
  check_embedding_gradients("bigram_hash", {{"hash", "linear"}});
  check_embedding_gradients("trigram_hash", {});
}

TEST_CASE("Hashed embeddings declare the published weights", "[embeddings]") {
  using Names = std::vector<std::string>;
  PluginHost bigram("bigram_hash", {}, kEmbeddingModel);
  CHECK(bigram.names() == Names{"bigram.scale", "bigram.embed.weight", "bigram.proj.weight"});
  CHECK(bigram.info("bigram.scale").shape.rank() == 0);
  CHECK(bigram.info("bigram.proj.weight").shape == Shape{6, 128});
  PluginHost without("bigram_hash", {{"dim", "6"}}, kEmbeddingModel);
  CHECK(without.names() == Names{"bigram.scale", "bigram.embed.weight"});
  PluginHost earlier("bigram_hash", {{"hash", "linear"}}, kEmbeddingModel);
  CHECK(earlier.names() == Names{"bigram_hash.table.weight", "bigram_hash.proj.weight"});
  PluginHost trigram("trigram_hash", {}, kEmbeddingModel);
  CHECK(trigram.names() == Names{"trigram.sc", "trigram.emb.weight", "trigram.proj.weight"});
  CHECK_THROWS_WITH(PluginHost("bigram_hash", {{"hash", "linear"}, {"trigram", "true"}}, kEmbeddingModel),
                    Catch::Contains("needs hash = \"xor\""));
}
