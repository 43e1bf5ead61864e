// SPDX-License-Identifier: Apache-2.0
// Sampled n-grams of validation text are found in training text that holds them, exactly these.
#include "submission/overlap.h"

#include <caddie/random.h>
#include <catch2/catch.hpp>

#include <numeric>

#include "support/temporary_folder.h"

using namespace caddie;

namespace {

/// Tokens that no two texts of different names share in stretches.
std::vector<uint16_t> random_text(const char* name, int64_t count) {
  Rng rng(5, name);
  std::vector<uint16_t> tokens;
  for (int64_t i = 0; i < count; ++i) tokens.push_back(uint16_t(rng.below(1000)));
  return tokens;
}

struct Shards {
  TemporaryFolder folder;
  void add(const std::string& name, const std::vector<uint16_t>& tokens) const {
    write_shard(folder / name, tokens);
  }
  Overlap find(const OverlapSearch& search) const {
    DataPatterns patterns = patterns_in(folder.path());
    return find_overlap(TokenStream(patterns.train), TokenStream(patterns.validation), search);
  }
};

}  // namespace

TEST_CASE("no n-gram of validation text is found in other text", "[submission]") {
  Shards shards;
  shards.add("train_000000.bin", random_text("train", 40000));
  shards.add("val_000000.bin", random_text("validation", 3000));
  Overlap overlap = shards.find({32, 1000, 1});
  CHECK((overlap.found == 0 && overlap.first.empty()));
  // 1,000 draws of 2,969 places hit 2,969 (1 - exp(-1000 / 2969)) = 849 of them on average.
  CHECK(double(overlap.samples) == Approx(849).margin(60));
  CHECK((overlap.train_tokens == 40000 && overlap.validation_tokens == 3000));
}

TEST_CASE("every n-gram counts that lies in the training text, and where the first is", "[submission]") {
  Shards shards;
  std::vector<uint16_t> validation = random_text("validation", 2000), train = random_text("train", 5000);
  // The first half of the validation text stands in the second shard from 1234 on.
  std::copy_n(validation.begin(), 1000, train.begin() + 1234);
  shards.add("x_train_000000.bin", random_text("other", 5000));
  shards.add("x_train_000001.bin", train);
  shards.add("x_val_000000.bin", validation);
  Overlap overlap = shards.find({50, 100000, 1});  // more samples than places: every place is taken
  CHECK(overlap.samples == 2000 - 50 + 1);
  CHECK(overlap.found == 1000 - 50 + 1);
  CHECK(overlap.first == "x_train_000001.bin:1234");
  Overlap sampled = shards.find({50, 400, 1});
  CHECK(sampled.share() == Approx(0.487).margin(0.1));  // four standard errors of 400 draws
  CHECK(shards.find({50, 400, 1}).found == sampled.found);
}

TEST_CASE("an n-gram is found at both ends of a shard, and not when one token differs", "[submission]") {
  for (int64_t changed : {-1, 0, 19, 39}) {
    Shards shards;
    std::vector<uint16_t> validation = random_text("validation", 40), train = validation;
    if (changed >= 0) train[size_t(changed)] ^= 1;
    shards.add("train_000000.bin", train);
    shards.add("val_000000.bin", validation);
    CHECK(shards.find({40, 10, 1}).found == (changed < 0 ? 1 : 0));
  }
}

TEST_CASE("n-grams do not reach over shards, and padding is none", "[submission]") {
  Shards shards;
  shards.add("train_000000.bin", std::vector<uint16_t>(500, 7));
  shards.add("val_000000.bin", std::vector<uint16_t>(100, 7));
  CHECK(shards.find({32, 100, 1}).samples == 0);
  shards.add("val_000001.bin", random_text("a", 40));
  shards.add("val_000002.bin", random_text("b", 10));
  CHECK(shards.find({32, 1000, 1}).samples == 40 - 32 + 1);
}

TEST_CASE("what cannot be searched is an error that says why", "[submission]") {
  Shards shards;
  shards.add("train_000000.bin", random_text("train", 50));
  CHECK_THROWS_WITH(patterns_in(shards.folder.path()), Catch::Contains("*val_*.bin"));
  shards.add("val_000000.bin", random_text("validation", 10));
  CHECK_THROWS_WITH(shards.find({32, 10, 1}), Catch::Contains("shorter than an n-gram of 32"));
}
