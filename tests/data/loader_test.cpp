// SPDX-License-Identifier: Apache-2.0
// Which tokens a rank gets in which batch when the text is read in its order, what a loader does with what a
// sampler draws, and how validation is cut.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "data/loader.h"
#include "data/validation.h"
#include "support/counting_tokens.h"
#include "support/data_support.h"
#include "support/plugins.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// A loader of the text in its order.
struct Plain {
  std::unique_ptr<Sampler> sampler = caddie::testing::make_plugin<Sampler>("sequential");
  Loader loader;

  Plain(const TokenStream& stream, int64_t tokens, int64_t length, int accumulation, int rank = 0,
        int ranks = 1)
      : loader(stream, *sampler, {{tokens, length}, accumulation, rank, ranks, 0}) {}
  /// The only batch of the next micro-step.
  Batch next() {
    std::vector<Batch> batches = loader.next(Progress());
    REQUIRE(batches.size() == 1);
    return batches[0];
  }
  int64_t position() const { return loader.position().at("position"); }
};

/// Draws what it is told to; size() follows the step.
struct Scripted final : Sampler {
  std::vector<std::vector<Sequence>> script;
  int64_t place = 0;
  BatchSize size(const BatchSize& set, const Progress& progress) const override {
    return {set.tokens * (1 + progress.step), set.length};
  }
  void begin(const Sampling&) override { place = 0; }
  std::vector<Sequence> next(const BatchSize&) override { return script.at(size_t(place++)); }
  void state(Archive& archive) override { archive("place", place); }
};

}  // namespace

TEST_CASE("One rank takes slices of one token more than a micro-batch, and wraps", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {7, 6});
  // 8 tokens over 2 micro-steps: slices of 4 + 1 of the 13 tokens.
  Plain loader(stream, 8, 2, 2);
  Batch first = loader.next();
  CHECK(first.rows == 2);
  CHECK(first.length == 2);
  CHECK(first.inputs == counting(0, 4));
  CHECK(first.targets == counting(1, 4));
  CHECK(loader.position() == 5);
  CHECK(loader.next().inputs == counting(5, 4));
  Batch third = loader.next();
  CHECK(third.inputs == std::vector<int32_t>{10, 11, 12, 0});
  CHECK(third.targets == std::vector<int32_t>{11, 12, 0, 1});
  CHECK(loader.position() == 15);
  CHECK(loader.next().inputs == std::vector<int32_t>{2, 3, 4, 5});
  CHECK(loader.loader.is_plain());
}

TEST_CASE("A slice longer than the stream goes round it several times", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {3});
  Batch batch = Plain(stream, 7, 7, 1).next();
  CHECK(batch.inputs == std::vector<int32_t>{0, 1, 2, 0, 1, 2, 0});
  CHECK(batch.targets == std::vector<int32_t>{1, 2, 0, 1, 2, 0, 1});
}

TEST_CASE("Ranks take neighbouring slices, the same that one rank takes in more micro-steps", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {40, 37});
  Plain rank0(stream, 16, 4, 1, 0, 2), rank1(stream, 16, 4, 1, 1, 2), alone(stream, 16, 4, 2);
  for (int step = 0; step < 11; ++step) {
    Batch first = rank0.next(), second = rank1.next();
    if (step == 0) {
      CHECK(first.inputs == counting(0, 8));
      CHECK(second.inputs == counting(9, 8));
      CHECK(second.targets == counting(10, 8));
    }
    CHECK(alone.next().inputs == first.inputs);
    CHECK(alone.next().targets == second.targets);
    CHECK(rank0.position() == 18 * (step + 1));
    CHECK(rank1.position() == alone.position());
  }
}

TEST_CASE("A loader that returns to a position goes on as one that got there", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {50, 27});
  Plain undisturbed(stream, 12, 3, 2, 1, 2), resumed(stream, 12, 3, 2, 1, 2);
  for (int step = 0; step < 25; ++step) undisturbed.next();
  resumed.next();
  resumed.loader.return_to(undisturbed.loader.position());
  for (int step = 0; step < 5; ++step) CHECK(resumed.next().inputs == undisturbed.next().inputs);
  resumed.loader.restart();
  CHECK(resumed.position() == 0);
}

TEST_CASE("Sequences of one length that follow one another are one batch, and ranks take theirs", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {30});
  Scripted sampler;
  sampler.script = {{{0, 2}, {4, 2}, {8, 1}, {20, 3}, {28, 2}}};
  Loader loader(stream, sampler, {{10, 5}, 1, 0, 2, 0}), other(stream, sampler, {{10, 5}, 1, 1, 2, 0});
  sampler.place = 0;
  std::vector<Batch> batches = loader.next(Progress());
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].inputs == std::vector<int32_t>{0, 1, 4, 5});
  CHECK(batches[0].targets == std::vector<int32_t>{1, 2, 5, 6});
  CHECK(batches[1].inputs == std::vector<int32_t>{8});
  CHECK_FALSE(loader.is_plain());
  CHECK_THROWS(loader.next(Progress()));  // the script is over
  sampler.place = 0;
  batches = other.next(Progress());
  REQUIRE(batches.size() == 2);
  CHECK(batches[0].inputs == counting(20, 3));
  CHECK(batches[1].targets == std::vector<int32_t>{29, 0});
  CHECK_THROWS(other.next(Progress()));
}

TEST_CASE("What was drawn ahead for another size is drawn again", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {30});
  Scripted sampler;
  sampler.script = {{{0, 2}}, {{2, 2}, {4, 2}}, {{6, 2}}, {{8, 2}}};
  Loader loader(stream, sampler, {{2, 2}, 1, 0, 1, 0});
  Progress progress{.step = 0, .steps = 4};
  CHECK(loader.tokens_ahead(progress) == 2 + 4 + 6 + 8);
  CHECK(loader.next(progress)[0].inputs == counting(0, 2));
  progress.step = 1;
  CHECK(loader.next(progress)[0].inputs == counting(2, 4));
  CHECK(loader.tokens_ahead(progress) == 4 + 6 + 8);
  progress.step = 0;
  CHECK(loader.next(progress)[0].inputs == counting(6, 2));
  progress.step = 1;  // for which the sampler draws too little
  CHECK_THROWS_WITH(loader.next(progress),
                    "it drew 2 tokens; wanted are sequences that come to 4 for each of 1 ranks");
}

TEST_CASE("A sampler that draws what cannot be read is named, also when it draws ahead", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {30});
  const std::string wanted = "; wanted are 1 to 2 tokens, from place 0 on";
  for (const auto& [bad, words] : {std::pair(Sequence{0, 3}, "of 3 tokens at place 0"),
                                   std::pair(Sequence{-4, 2}, "of 2 tokens at place -4"),
                                   std::pair(Sequence{0, 0}, "of 0 tokens at place 0")}) {
    Scripted sampler;
    sampler.script = {{{0, 2}}, {bad}};
    Loader loader(stream, Call<Sampler>(sampler, {"scripted", "scripted"}), {{2, 2}, 1, 0, 1, 0});
    loader.next(Progress());  // which draws the next one ahead, on another thread
    CHECK_THROWS_WITH(loader.next(Progress()),
                      std::string("plugin 'scripted': it drew a sequence ") + words + wanted);
  }
}

TEST_CASE("A batch that is no whole number of sequences names the nearest that are", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {77});
  CHECK_THROWS_WITH(Plain(stream, 100, 16, 2), Catch::Contains("nearest valid batch_tokens: 96 or 128"));
  CHECK_THROWS_WITH(Plain(stream, 15, 16, 1), Catch::EndsWith("nearest valid batch_tokens: 16"));
  CHECK_THROWS_WITH(Plain(stream, 0, 16, 1), Catch::EndsWith("nearest valid batch_tokens: 16"));
  CHECK_THROWS_WITH(Plain(stream, 16, 16, 1, 2, 2), Catch::Contains("rank 2 of 2"));
  CHECK_THROWS_WITH(Plain(stream, 16, 0, 1), Catch::Contains("sequence length 0"));
  TemporaryFolder empty;
  TokenStream nothing = counting_stream(empty.path(), {0});
  CHECK_THROWS_WITH(Plain(nothing, 16, 16, 1), Catch::Contains("no token to train on"));
}

TEST_CASE("Validation is cut to whole sequences and one target", "[data]") {
  TemporaryFolder folder;
  TokenStream stream = counting_stream(folder.path(), {31, 2});
  CHECK(load_validation(stream, 32) == counting(0, 33));
  CHECK(load_validation(stream, 31) == counting(0, 32));
  CHECK(load_validation(stream, 1) == counting(0, 33));
  CHECK(load_validation(stream, 10) == counting(0, 31));
  CHECK_THROWS_WITH(load_validation(stream, 33), Catch::Contains("33 validation tokens are too few"));
  CHECK_THROWS_AS(load_validation(stream, 0), Error);
}

TEST_CASE("Batches equal those of the upstream loader", "[data][parity]") {
  fs::path folder = shared_folder("parity/loader_two_shards");
  if (folder.empty()) return;
  auto expected = Json::parse(read_file(folder / "case.json"));
  const auto& config = expected["config"];
  Tensors tensors(folder / "expected.safetensors");
  TokenStream stream((folder / "fineweb_train_*.bin").string());
  for (int rank = 0; rank < config["world_size"]; ++rank) {
    Plain loader(stream, config["global_tokens"], config["seq_len"], config["grad_accum_steps"], rank,
                 config["world_size"]);
    std::vector<int32_t> inputs, targets;
    for (int call = 0; call < config["calls"]; ++call) {
      Batch batch = loader.next();
      inputs.insert(inputs.end(), batch.inputs.begin(), batch.inputs.end());
      targets.insert(targets.end(), batch.targets.begin(), batch.targets.end());
    }
    std::string name = "rank" + std::to_string(rank);
    CHECK(inputs == tensors.integers<int64_t>(name + ".x"));
    CHECK(targets == tensors.integers<int64_t>(name + ".y"));
  }
  TokenStream validation((folder / "fineweb_val_*.bin").string());
  CHECK(load_validation(validation, config["val_seq_len"]) == tensors.integers<int64_t>("val_tokens"));
  for (const auto& [file, reason] : expected["expected"]["bad_shards_must_be_refused"].items())
    CHECK_THROWS_WITH(Shard(folder / file), Catch::Contains(file));
}
