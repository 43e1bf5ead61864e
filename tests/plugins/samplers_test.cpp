// SPDX-License-Identifier: Apache-2.0
// Orders of made-up shards, worked out by hand.
#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <set>

#include "data/loader.h"
#include "support/counting_tokens.h"
#include "support/plugins.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Shards of given tokens, which need no files.
struct MadeUpText final : TrainingText {
  std::vector<std::vector<uint16_t>> all;
  explicit MadeUpText(std::vector<std::vector<uint16_t>> shards) : all(std::move(shards)) {}
  size_t shards() const override { return all.size(); }
  std::span<const uint16_t> tokens(size_t shard) const override { return all[shard]; }
};

/// Shards of so many tokens, each of which is 7.
MadeUpText sevens(const std::vector<int>& sizes) {
  std::vector<std::vector<uint16_t>> shards;
  for (int size : sizes) shards.emplace_back(size_t(size), uint16_t(7));
  return MadeUpText(std::move(shards));
}

Progress share(double done) { return {.step = std::llround(done * 1000), .steps = 1000}; }

ModelShape model_of_length(int length) {
  ModelShape shape;
  shape.sequence_length = length;
  return shape;
}

}  // namespace

TEST_CASE("shuffled_sequences draws each sequence of a shard once, behind one another's phase",
          "[samplers]") {
  // 32 tokens hold three sequences of 8 and a target, from any place below 8 on.
  MadeUpText text = sevens({32, 5});
  auto sampler = make_plugin<Sampler>("shuffled_sequences");
  sampler->begin({text, {8, 8}, 1, 3});
  std::set<int64_t> orders;
  for (int pass = 0; pass < 12; ++pass) {
    std::set<int64_t> starts;
    for (int call = 0; call < 3; ++call) {
      std::vector<Sequence> drawn = sampler->next({8, 8});
      REQUIRE(drawn.size() == 1);
      starts.insert(drawn[0].start);
      if (call == 0) orders.insert(drawn[0].start);
    }
    int64_t phase = *starts.begin();
    CHECK(phase < 8);
    CHECK(starts == std::set<int64_t>{phase, phase + 8, phase + 16});
  }
  CHECK(orders.size() > 2);  // it does not always begin alike
  CHECK_THROWS_WITH(
      sampler->begin({text, {8, 8}, 2, 3}),
      "rank 1 of 2 draws from the shards 1, 3 and so on, and none of these holds 9 tokens, which "
      "are a sequence of 8 and its last target");
}

TEST_CASE("shuffled_sequences goes by the run's seed, each rank by itself", "[samplers]") {
  MadeUpText text = sevens({801, 801});
  auto draw = [&](int ranks, uint64_t seed) {
    auto sampler = make_plugin<Sampler>("shuffled_sequences");
    sampler->begin({text, {80, 8}, ranks, seed});
    return sampler->next({80, 8});
  };
  CHECK(draw(1, 1) != draw(1, 2));
  std::vector<Sequence> two = draw(2, 1);
  REQUIRE(two.size() == 20);
  for (size_t i = 0; i < 10; ++i) {
    CHECK(two[i].start < 801);  // rank 0 has the first shard
    CHECK(two[i + 10].start >= 801);
  }
}

TEST_CASE("coprime_stride visits each sequence of a shard once, in even strides", "[samplers]") {
  MadeUpText text = sevens({72});  // eight sequences of 8, from any place below 8 on
  auto sampler = make_plugin<Sampler>("coprime_stride");
  sampler->begin({text, {8, 8}, 1, 5});
  for (int pass = 0; pass < 4; ++pass) {
    std::vector<int64_t> blocks;
    for (int call = 0; call < 8; ++call) blocks.push_back(sampler->next({8, 8}).at(0).start / 8);
    CHECK(std::set<int64_t>(blocks.begin(), blocks.end()).size() == 8);
    int64_t stride = (blocks[1] - blocks[0] + 8) % 8;
    CHECK(stride % 2 == 1);
    for (size_t i = 1; i < 8; ++i) CHECK(blocks[i] == (blocks[i - 1] + stride) % 8);
  }
}

TEST_CASE("coprime_stride mixes as many shards as a batch has sequences, and ranks take turns",
          "[samplers]") {
  MadeUpText text = sevens(std::vector<int>(6, 72));
  auto draw = [&](int ranks) {
    auto sampler = make_plugin<Sampler>("coprime_stride");
    sampler->begin({text, {48 / ranks, 8}, ranks, 5});
    return sampler->next({48 / ranks, 8});
  };
  std::vector<Sequence> one = draw(1), two = draw(2);
  std::set<int64_t> shards;
  for (const Sequence& sequence : one) shards.insert(sequence.start / 72);
  CHECK(shards.size() == 6);
  for (size_t i = 0; i < 6; ++i) CHECK(two[i] == one[i % 3 * 2 + i / 3]);
  MadeUpText small = sevens({8, 5});
  CHECK_THROWS_WITH(make_plugin<Sampler>("coprime_stride")->begin({small, {8, 8}, 1, 0}),
                    "no training shard holds 9 tokens, which are a sequence of 8 and its last target");
}

TEST_CASE("document_packing cuts at documents, and leaves what a shard has left", "[samplers]") {
  // Two ranks take 2 * (6 + 1) tokens a call. The first shard begins with the end of a document.
  MadeUpText text({{9, 9, 1, 9, 9, 1, 1, 9, 9, 9, 9, 9, 9, 9, 9, 1, 9, 9},
                   {1, 9, 9, 9},
                   {1, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 1, 1}});
  auto sampler = make_plugin<Sampler>("document_packing");
  sampler->begin({text, {6, 4}, 2, 0});
  // Tokens 2 .. 7 are documents of 3, 1 and 2 tokens so far; token 8 is a target; 9 .. 14 are cut at four.
  CHECK(sampler->next({6, 4}) == std::vector<Sequence>{{2, 3}, {5, 1}, {6, 2}, {9, 4}, {13, 2}});
  // Two tokens of the first shard are left, and the second has four: both are passed over.
  CHECK(sampler->next({6, 4}) == std::vector<Sequence>{{22, 4}, {26, 2}, {29, 4}, {33, 1}, {34, 1}});
  CHECK(sampler->next({6, 4}).at(0) == Sequence{2, 3});
  CHECK_THROWS_WITH(sampler->begin({text, {8, 4}, 2, 0}),
                    "no training shard holds 18 tokens from its first document on, as one micro-step of all "
                    "ranks takes; documents begin with the token 1");
}

TEST_CASE("the length of sequences and the size of batches go by the share of the training", "[samplers]") {
  BatchSize set = {64, 16};
  auto at = [&](Sampler& sampler, double done) { return sampler.size(set, share(done)); };
  auto lengths = make_plugin<Sampler>("sequence_length_schedule", {{"until", std::vector<double>{0.3, 0.6}}});
  std::vector<int64_t> values = {4, 8};
  struct Set final : Settings {
    const std::vector<int64_t>& values;
    explicit Set(const std::vector<int64_t>& list) : values(list) {}
    void visit(const Setting& setting) override {
      if (auto* list = std::get_if<std::vector<int64_t>*>(&setting.target)) **list = values;
    }
  } lists(values);
  lengths->settings(lists);
  CHECK(at(*lengths, 0) == BatchSize{64, 4});
  CHECK(at(*lengths, 0.3) == BatchSize{64, 4});
  CHECK(at(*lengths, 0.301) == BatchSize{64, 8});
  CHECK(at(*lengths, 1) == BatchSize{64, 8});  // the last one goes on
  CHECK(lengths->sizes(set) == std::vector<BatchSize>{{64, 4}, {64, 8}});
  // By the clock, where that is further on.
  Progress late = {.step = 1, .steps = 1000, .seconds = 4, .budget_seconds = 10};
  CHECK(lengths->size(set, late).length == 8);

  auto tokens = make_plugin<Sampler>("batch_size_schedule", {{"until", std::vector<double>{0.5, 1}}});
  values = {32, 128};
  tokens->settings(lists);
  CHECK(at(*tokens, 0.5) == BatchSize{32, 16});
  CHECK(at(*tokens, 0.501) == BatchSize{128, 16});
  for (const char* name : {"sequence_length_schedule", "batch_size_schedule"})
    CHECK(at(*make_plugin<Sampler>(name), 0.5) == set);

  ModelShape model = model_of_length(8);
  CHECK_NOTHROW(lengths->validate({model, {}}));
  values = {4, 16};
  lengths->settings(lists);
  CHECK_THROWS_WITH(lengths->validate({model, {}}),
                    "a sequence of 16 tokens is longer than "
                    "data.sequence_length = 8, which the model is made for");
  auto wrong = make_plugin<Sampler>("batch_size_schedule", {{"until", std::vector<double>{0.5, 0.4}}});
  CHECK_THROWS_WITH(wrong->validate({model, {}}), "tokens has 0 entries and until 2; each wants its end");
  wrong->settings(lists);
  CHECK_THROWS_WITH(wrong->validate({model, {}}),
                    "until must rise from above 0, and 0.4 does not come after 0.5");
}

TEST_CASE("a schedule reads on where it was when the size of batches changes", "[samplers]") {
  MadeUpText text = sevens({100});
  auto sampler = make_plugin<Sampler>("sequence_length_schedule");
  sampler->begin({text, {8, 8}, 2, 0});
  CHECK(sampler->next({8, 4}) == std::vector<Sequence>{{0, 4}, {4, 4}, {9, 4}, {13, 4}});
  CHECK(sampler->next({8, 8}) == std::vector<Sequence>{{18, 8}, {27, 8}});
}
